"""Runs a pipeline on this machine without a cluster: every component in a separate process or container."""

import json
import os
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, replace
from io import TextIOBase
from pathlib import Path
from typing import TextIO, TypeAlias

from kfp import local

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import parse_address
from pipelines.definition import definition
from pipelines.large_config import with_stored_config
from pipelines.local.container_engine import container_engine
from pipelines.plan import Images, Plan

HERE = Images("local-python", "local-python")
"""The name that stands for no image; kfp's runner warns unless it contains "python"."""

_STORE_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
)

Runner: TypeAlias = local.SubprocessRunner | local.DockerRunner
Tell = Callable[[str], object]


@dataclass(frozen=True)
class LocalRun:
    """The result of a local run."""

    succeeded: bool
    report: str
    """The address of the report; "": there is none."""
    log: Path


def run_here(plan: Plan, folder: Path, *, tell: Tell) -> LocalRun:
    """Runs a plan's pipeline; its outputs are in the folder, its report also in the plan's store.

    Components run as processes if the images are HERE, otherwise as containers of their images.

    Raises:
        ConfigError: there is no container engine, or it does not have an image.
        StoreError: the folder cannot be written.
    """
    folder = folder.absolute()
    place = parse_address(plan.store.address or folder)
    # a container has another working directory
    address = str(place.absolute() if isinstance(place, Path) else place)
    here = replace(plan, store=replace(plan.store, address=address, secret=""), retries=0)
    log = folder / "pipeline.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            runner = _runner(here, folder, stack)
            file = stack.enter_context(log.open("w", encoding="utf-8"))
            return _run(with_stored_config(here), folder, runner, _Log(file, tell, sys.stdout))
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def _run(plan: Plan, folder: Path, runner: Runner, log: "_Log") -> LocalRun:
    pipeline = definition(plan)
    # no workspace: kfp would delete its folder
    local.init(runner=runner, pipeline_root=str(folder / "outputs"), raise_on_error=False)
    with redirect_stdout(log), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* have no effect in the current local runner")
        pipeline()
    written = _outputs(folder / "outputs", "report") or _outputs(folder / "outputs", "failure-report")
    return LocalRun(log.succeeded, str(written.get("Output", "")), Path(log.name))


def _runner(plan: Plan, folder: Path, stack: ExitStack) -> Runner:
    """Returns kfp's runner of the components, valid as long as the stack."""
    if plan.images == HERE:
        return local.SubprocessRunner(use_venv=False)
    from pipelines.local.container_task import components_in_containers  # pylint: disable=import-outside-toplevel

    place = parse_address(plan.store.address)
    folders, credentials = [folder], {}
    if isinstance(place, Path):
        place.mkdir(parents=True, exist_ok=True)
        folders.append(place)
    else:
        credentials = {name: os.environ[name] for name in _STORE_VARIABLES if name in os.environ}
    engine = stack.enter_context(container_engine(folders, credentials))
    for image in (plan.images.train, plan.images.report):
        engine.require(image)
    return stack.enter_context(components_in_containers(engine))


def _outputs(root: Path, task: str) -> dict[str, object]:
    """Returns the parameters that a task returned, if it ran."""
    found = sorted(root.glob(f"*/{task}/executor_output.json"))
    if not found:
        return {}
    values = json.loads(found[-1].read_text(encoding="utf-8")).get("parameterValues", {})
    return dict(values)


class _Log(TextIOBase):
    """Receives kfp's output: writes all of it to a file, and passes the starts and ends of tasks to the user."""

    def __init__(self, file: TextIO, onlooker: Tell, screen: TextIO) -> None:
        self._file = file
        self._onlooker = onlooker
        self._screen = screen
        self._line = ""
        self._last = ""  # the last line of a task, the reason of its failure
        self.succeeded = False

    @property
    def name(self) -> str:
        return self._file.name

    def write(self, text: str, /) -> int:
        self._file.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._hear(_COLOUR.sub("", line).strip())
        return len(text)

    def flush(self) -> None:
        self._file.flush()

    def _hear(self, line: str) -> None:
        if found := _TASK.search(line):
            name, end = found["name"], found["end"]
            why = f": {self._last}" if end == "FAILURE" and self._last else ""
            with redirect_stdout(self._screen):
                self._onlooker(f"{name}: {_WORDS.get(end, end)}{why}")
            self._last = ""
        elif found := _PIPELINE.search(line):
            self.succeeded = found["end"] == "SUCCESS"
        elif line:
            self._last = line


_COLOUR = re.compile(r"\x1b\[\d*m")
_TASK = re.compile(r" - (?:Executing task|Task) '(?P<name>[^']+)'(?: finished with status (?P<end>\w+))?$")
_PIPELINE = re.compile(r" - Pipeline '[^']+' finished with status (?P<end>\w+)")
_WORDS = {None: "running", "SUCCESS": "succeeded", "FAILURE": "failed"}
