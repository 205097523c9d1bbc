"""A stand-in of kubectl whose cluster is a folder of secrets and answers, as far as the scripts use it.

kubectl.py FOLDER ARGUMENTS...
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

import yaml

from tests.manifests.kustomizations import field
from tests.scripts.control_plane import ControlPlane, built

VALUE = re.compile(r'\{\{(?:index \.data "|\.data\.)(\w+)"? \| base64decode\}\}')
ANSWERS = "answers"
"""The folder's folder with a file for each thing that is asked for; that of a service holds the port that serves it."""
STATE, CALLS = "state.json", "calls.txt"
"""The objects that were applied to the cluster, and the changes that were asked for, one a line."""


# pylint: disable-next=too-many-return-statements,too-many-branches  # one for each command
def main(root: Path, words: list[str]) -> int:
    """Do what kubectl would do with these words, and return its exit status."""
    namespace = "default"
    if words[0] == "--namespace":
        namespace, words = words[1], words[2:]
    match words:
        case ["kustomize", folder] if "third-party" in folder:
            return _kustomize(Path(folder))
        case ["kustomize", *_]:
            real = Path(sys.executable).with_name("kubectl")
            os.execv(real, [str(real), *words])
        case ["get", "namespace", name, "--output=name"]:
            return 0 if (root / name).is_dir() else 1
        case ["get", "secret", name, output]:
            return _get(root / namespace / name, output)
        case ["create", "secret", "generic", name, source]:
            return _create(root / namespace / name, *source.split("=", 1))
        case ["port-forward", service, port] if port.startswith(":"):
            return _forward(root / ANSWERS / service.replace("/", "-"), port.removeprefix(":"))
        case ["version", "--output=json"]:
            return 0
        case ["wait" | "label" | "rollout" | "replace", *_] | ["apply", "--kustomize", _]:
            return _change(root, words)
        case ["get", "configmap", "katib-config", "--output=yaml"]:
            return _object(root, "kubeflow/ConfigMap/katib-config")
        case ["apply", "--filename", file] if "kind: Experiment" not in Path(file).read_text(encoding="utf-8"):
            return _change(root, words)
        case ["get", "configmap", "katib-config", *_]:
            return _version(root, "kubeflow/ConfigMap/katib-config")
        case ["get", kinds, "--output=json"] if kinds.startswith("deployments,"):
            print(json.dumps({"items": ControlPlane(root / STATE).workloads(namespace)}))
            return 0
        case ["apply", "--filename", file]:
            (root / ANSWERS / "applied.yaml").write_text(Path(file).read_text(encoding="utf-8"), encoding="utf-8")
            return 0
        case ["get", "--filename", file, "--output=name"]:
            print(
                f"experiment.kubeflow.org/{yaml.safe_load(Path(file).read_text(encoding='utf-8'))['metadata']['name']}"
            )
            return 0
        case ["get", "pods", selector, _] if "runid=" in selector:
            print(_pods(root, selector.rpartition("=")[2]).read_text(encoding="utf-8"), end="")
            return 0
        case ["delete", "pod", pod, "--wait=false"]:
            return _delete_pod(root / ANSWERS, pod)
        case ["delete", "experiment", _, "--ignore-not-found"]:
            return 0
        case ["get", "experiment", name, "--ignore-not-found", "--output=name"]:
            return _experiment(root / ANSWERS, name)
        case ["get", *what] if (answer := root / ANSWERS / _asked(what)).exists():
            print(answer.read_text(encoding="utf-8"), end="")
            return 0
    print(f"kubectl: {words}: not known here", file=sys.stderr)
    return 64


def _asked(what: list[str]) -> str:
    """Returns the file of an answer: KIND-NAME, and one for all Experiments, as text or as YAML."""
    if what[0].startswith("experiment.kubeflow.org/"):
        return "experiment.yaml" if what[1] == "--output=yaml" else "experiment"
    return "-".join(each for each in what if not each.startswith("--"))


def _pods(root: Path, run: str) -> Path:
    """Returns the file with the pods of a pipeline's run and their nodes; creates an empty one if there is none."""
    file = root / ANSWERS / f"pods-{run}"
    file.touch()
    return file


def _delete_pod(answers: Path, pod: str) -> int:
    """Deletes the pod of a step; with the answer `retries` the workflow controller makes another one."""
    for file in answers.glob("pods-*"):
        lines = file.read_text(encoding="utf-8").splitlines()
        left = [line for line in lines if not line.startswith(f"{pod} ")]
        if left != lines:
            again = [f"{pod}-again wf.root.exit-handler-1.sweep.executor(1)"] if (answers / "retries").exists() else []
            file.write_text("".join(f"{line}\n" for line in [*left, *again]), encoding="utf-8")
            return 0
    print(f'Error from server (NotFound): pods "{pod}" not found', file=sys.stderr)
    return 1


def _experiment(answers: Path, name: str) -> int:
    """Prints the Experiment of a run, for as many looks as the answer `experiment-looks` says."""
    looks = answers / f"looks-{name}"
    left = int((looks if looks.exists() else answers / "experiment-looks").read_text(encoding="utf-8"))
    looks.write_text(str(left - 1), encoding="utf-8")
    if left > 0:
        print(f"experiment.kubeflow.org/{name}")
    return 0


def _change(root: Path, words: list[str]) -> int:
    with (root / CALLS).open("a", encoding="utf-8") as calls:
        calls.write(" ".join(words) + "\n")
    plane = ControlPlane(root / STATE)
    match words:
        case ["apply", "--kustomize", folder]:
            with tempfile.TemporaryDirectory() as place:
                plane.apply(built(Path(folder).resolve(), Path(place) / "built"))
        case ["apply" | "replace", "--filename", file]:
            plane.apply(yaml.safe_load_all(Path(file).read_text(encoding="utf-8")))
        case ["label", "namespace", name, key] if key.endswith("-"):
            plane.unlabel(name, key.removesuffix("-"))
        case ["rollout", "restart", workload]:
            plane.end_pods(f"kubeflow/Deployment/{workload.partition('/')[2]}")
    return 0


def _kustomize(folder: Path) -> int:
    with tempfile.TemporaryDirectory() as place:
        print(yaml.safe_dump_all(built(folder.resolve(), Path(place) / "built"), sort_keys=False), end="")
    return 0


def _object(root: Path, key: str) -> int:
    found = ControlPlane(root / STATE).objects.get(key)
    if found is None:
        print(f'Error from server (NotFound): "{key}" not found', file=sys.stderr)
        return 1
    print(yaml.safe_dump(found["applied"]), end="")
    return 0


def _version(root: Path, key: str) -> int:
    found = ControlPlane(root / STATE).objects.get(key)
    print("" if found is None else field(found, "metadata", "resourceVersion"), end="")
    return 1 if found is None else 0


def _forward(service: Path, port: str) -> int:
    if not service.exists():
        print(f"error: services {service.name!r} not found", file=sys.stderr)
        return 1
    print(f"Forwarding from 127.0.0.1:{service.read_text(encoding='utf-8')} -> {port}", flush=True)
    signal.pause()
    return 0


def _get(secret: Path, output: str) -> int:
    if not secret.is_dir():
        return 1
    if key := VALUE.search(output):
        file = secret / key[1]
        print(file.read_text(encoding="utf-8") if file.exists() else "<no value>", end="")
    return 0


def _create(secret: Path, option: str, source: str) -> int:
    secret.mkdir(parents=True)
    text = Path(source).read_text(encoding="utf-8")
    if option == "--from-file":
        (secret / Path(source).name).write_text(text, encoding="utf-8")
    else:
        for line in text.splitlines():
            key, _, value = line.partition("=")
            (secret / key).write_text(value, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
