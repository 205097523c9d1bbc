"""A kubelet that runs the container of a pod as a process of this machine, with its Secrets in a folder of the test."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class ProcessKubelet:
    """Runs pods as processes that share this machine's files."""

    folder: Path

    def start(self, pod: dict[str, Any], files: Mapping[str, Mapping[str, str]]) -> ProcessPod:
        """Starts the first container of a pod."""
        name = pod["metadata"]["name"]
        place = self.folder / name
        place.mkdir(parents=True)
        container = pod["spec"]["containers"][0]
        command = list(container["command"])
        for mount in container["volumeMounts"]:
            if mount["name"] in files:
                volume = place / mount["name"]
                volume.mkdir()
                for file, data in files[mount["name"]].items():
                    (volume / file).write_bytes(base64.b64decode(data))
                command = [word.replace(mount["mountPath"], str(volume)) for word in command]
        command[0] = sys.executable if command[0] == "python" else command[0]
        environment = {each["name"]: each.get("value", name) for each in container["env"]}
        log = place / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # pylint: disable=consider-using-with  # a pod outlives this call
                command, cwd=place, stdout=output, stderr=output, env={**os.environ, **environment}
            )
        return ProcessPod(process, log)


@dataclass
class ProcessPod:
    """A pod that is a process."""

    process: subprocess.Popen[bytes]
    log: Path

    def poll(self) -> int | None:
        """Returns the exit status; None: it runs."""
        return self.process.poll()

    def kill(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")
