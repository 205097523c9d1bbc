"""A component as its pod runs it: a process of kfp's executor, with input and output files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kfp.dsl.base_component import BaseComponent

from tests.waiting import DEADLINE_SECONDS

GRACE_SECONDS = 30.0
"""Between SIGTERM and SIGKILL, as Kubernetes has it."""
_SHUT = {signal.SIGTERM: "asked to end", signal.SIGKILL: "killed at once"}


@dataclass(frozen=True)
class StepProgram:
    """One task with its inputs; each attempt is a new pod, whose disk is empty."""

    component: BaseComponent
    parameters: Mapping[str, object]
    folder: Path
    """Holds a folder for each attempt, and is the working directory."""
    environment: Mapping[str, str]
    artifacts: Mapping[str, Path] = field(default_factory=dict)

    @property
    def _spec(self) -> Any:
        return self.component.component_spec

    def start(self, attempt: str) -> subprocess.Popen[bytes]:
        """Starts an attempt."""
        place = self.folder / attempt
        place.mkdir(parents=True)
        source = place / "ephemeral_component.py"
        source.write_text(self._spec.implementation.container.command[-1], encoding="utf-8")
        command = [sys.executable, "-m", "kfp.dsl.executor_main", "--component_module_path", str(source)]
        command += ["--executor_input", json.dumps(self._executor_input(place))]
        command += ["--function_to_execute", self._spec.name.replace("-", "_")]
        environment = {**os.environ, **self.environment, "_KFP_RUNTIME": "true"}
        with (place / "log").open("wb") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def run(self, attempt: str) -> Ended:
        """Runs an attempt to its end."""
        with self.start(attempt) as process:
            process.wait(DEADLINE_SECONDS)
        ended = Ended(self.folder / attempt, process.returncode)
        assert ended.returncode == 0, ended.log
        return ended

    def end(self, attempt: str, how: signal.Signals, when: Callable[[], bool]) -> None:
        """Runs an attempt until something has happened, and ends it as Kubernetes does, unless it has ended before."""
        with self.start(attempt) as process:
            while process.poll() is None and not when():
                time.sleep(0.002)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _executor_input(self, place: Path) -> dict[str, object]:
        outputs = self._spec.outputs or {}
        artifacts = {
            name: {"artifacts": [{"name": name, "type": {"schemaTitle": _title(each.type)}, "uri": str(place / name)}]}
            for name, each in outputs.items()
            if name != "Output"
        }
        inputs = {
            name: {"artifacts": [{"name": name, "type": {"schemaTitle": "system.Artifact"}, "uri": str(path)}]}
            for name, path in self.artifacts.items()
        }
        return {
            "inputs": {"parameterValues": dict(self.parameters), "artifacts": inputs},
            "outputs": {
                "artifacts": artifacts,
                "parameters": {"Output": {"outputFile": str(place / "Output")}},
                "outputFile": str(place / "executor_output.json"),
            },
        }


@dataclass(frozen=True)
class Ended:
    """The files that an attempt has left."""

    place: Path
    returncode: int

    @property
    def log(self) -> str:
        return (self.place / "log").read_text(encoding="utf-8")

    @property
    def output(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.place / "executor_output.json").read_text(encoding="utf-8"))
        return found

    @property
    def returned(self) -> object:
        return self.output.get("parameterValues", {}).get("Output")

    def metrics(self, name: str) -> dict[str, float]:
        """Returns the metrics of an artifact."""
        return {metric: float(value) for metric, value in self.metadata(name).items()}

    def metadata(self, name: str) -> dict[str, Any]:
        """Returns the metadata of an artifact, as the pages of Kubeflow show them."""
        found: dict[str, Any] = self.output["artifacts"][name]["artifacts"][0]["metadata"]
        return found


def _title(written: str) -> str:
    return written.partition("@")[0]
