"""A trial's pod as two processes of this machine: the wrapped command in a real shell, the collector beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .collector import MetricLog
from .kubelet import environment, expand
from .webhook import COLLECTOR, Json

SECONDS = 600
TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """The end of a pod: the two exit statuses, the trial's output, and what the collector sent to the database."""

    status: int
    printed: str
    collector_status: int
    stopped: bool
    logs: list[MetricLog]


def run(pod: Json, place: Path, cwd: Path) -> Ended:
    """Runs a pod in folders below `place` instead of the containers' /var/log/katib and /tmp."""
    trial, collector = pod["spec"]["containers"]
    assert collector["name"] == COLLECTOR
    folders = {"/var/log/katib": place / "metrics", "/tmp/trial": place / "trial"}
    variables = environment([each for each in trial["env"] if each["name"] not in {"HOME", "TMPDIR"}])
    words = [_moved(expand(each, variables), folders) for each in [*trial["command"], *trial["args"]]]
    folders["/var/log/katib"].mkdir(parents=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        words, cwd=cwd, env={**os.environ, **variables, "PATH": path}, stdout=-1, stderr=subprocess.STDOUT, text=True
    ) as shell:
        given = [_moved(each, folders) for each in collector["args"]]
        program = [sys.executable, "-m", "tests.emulated_katib.sidecar", *given, "--main-pid", str(shell.pid)]
        with subprocess.Popen(program, cwd=TESTS, stdout=-1, stderr=subprocess.STDOUT, text=True) as beside:
            printed = shell.communicate(timeout=SECONDS)[0]
            said = beside.communicate(timeout=SECONDS)[0]
    if beside.returncode != 0:
        return Ended(shell.returncode, printed + said, beside.returncode, False, [])
    return ended(shell.returncode, printed, said)


def ended(status: int, printed: str, said: str) -> Ended:
    """Returns the end of a pod whose collector came to its end, from what that printed."""
    report = json.loads(said.splitlines()[-1])
    return Ended(status, printed, 0, report["stopped"], [MetricLog(**each) for each in report["logs"]])


def _moved(text: str, folders: dict[str, Path]) -> str:
    for inside, outside in folders.items():
        text = text.replace(inside, str(outside))
    return text
