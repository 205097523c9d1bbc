"""A trial's pod as containers: `podman kube play`, with the collector in the trial's own image beside it."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path

import yaml

from .kubelet import environment, expand
from .processes import SECONDS, Ended, ended
from .webhook import Json

HERE = Path(__file__).parent


def play(pod: Json, place: Path) -> Ended:
    """Runs a pod without a network, and returns how it ended; nothing of it is left."""
    pod = _for_podman(pod)
    name = pod["metadata"]["name"]
    file = place / f"{name}.yaml"
    file.write_text(yaml.safe_dump(pod), encoding="utf-8")
    try:
        _podman("play", "kube", "--network", "none", str(file))
        trial, collector = (f"{name}-{each['name']}" for each in pod["spec"]["containers"])
        status, beside = (int(_podman("wait", each)) for each in (trial, collector))
        printed, said = _podman("logs", trial), _podman("logs", collector)
    finally:
        _podman("pod", "rm", "--force", "--ignore", name)
        _podman("volume", "rm", "--force", *(each["name"] for each in pod["spec"]["volumes"] if "emptyDir" in each))
    return ended(status, printed, said) if beside == 0 else Ended(status, printed + said, beside, False, [])


def _for_podman(pod: Json) -> Json:
    """Returns the pod as podman takes it: what the kubelet does and podman does not is done, the collector is ours."""
    pod = copy.deepcopy(pod)
    name, spec = pod["metadata"]["name"], pod["spec"]
    trial, collector = spec["containers"]
    variables = environment(trial["env"])
    trial["env"] = [{"name": key, "value": value} for key, value in variables.items()]
    trial["command"] = [expand(each, variables) for each in trial["command"]]
    trial["args"] = [expand(each, variables) for each in trial["args"]]
    collector["image"] = trial["image"]
    collector["command"] = ["python3", "-m", f"{HERE.name}.sidecar"]
    collector["env"] = [{"name": "PYTHONPATH", "value": "/emulated"}]
    collector["volumeMounts"].append({"name": "emulated", "mountPath": f"/emulated/{HERE.name}", "readOnly": True})
    spec["volumes"].append({"name": "emulated", "hostPath": {"path": str(HERE)}})
    # Podman gives each emptyDir to whoever names it; in a cluster it is one pod's.
    for volume in [*spec["volumes"], *trial["volumeMounts"], *collector["volumeMounts"]]:
        volume["name"] = f"{name}-{volume['name']}"
    return pod


def _podman(*words: str) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr}"
    return done.stdout + (done.stderr if words[0] == "logs" else "")
