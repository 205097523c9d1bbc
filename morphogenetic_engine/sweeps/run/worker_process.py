"""The worker process: imports the workload once, then runs trial after trial until its standard input ends.

Started as `python -m morphogenetic_engine.sweeps.run.worker_process FD`. Commands come as JSON lines on standard input:
first the setup, then one line a trial. Messages go back as JSON lines on the descriptor FD. What the workload prints
goes to the trial's `output.txt`. Only the standard library is imported here, so that a worker is ready at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from morphogenetic_engine.errors import FailureReason, MorphogeneticError, Pruned, TrialFailed
from morphogenetic_engine.trial import Metrics, Params, Train, checked_metrics
from morphogenetic_engine.workload import CommandWorkload, load_workload, verify_workload


class Line:
    """The two ways between a worker and its coordinator: commands in, messages out, one JSON object a line."""

    def __init__(self, commands: TextIO, messages: TextIO) -> None:
        self._commands = commands
        self._messages = messages

    def send(self, **message: object) -> None:
        """Write one message."""
        self._messages.write(json.dumps(message, allow_nan=False) + "\n")
        self._messages.flush()

    def receive(self) -> dict[str, object] | None:
        """Wait for one command; None: there will be no more."""
        line = self._commands.readline()
        return json.loads(line) if line else None

    def ask_to_go_on(self, what: str) -> None:
        """Wait for the pruner's decision about what was just sent.

        Raises:
            Pruned: the trial ends here.
        """
        decision = self.receive()
        if decision is None:
            sys.exit(0)  # the coordinator is gone, and nobody waits for the trial
        if decision["prune"]:
            raise Pruned(f"pruned at {what}")


@dataclass(frozen=True)
class WorkerTrial:
    """The trial contract, carried by a local worker process."""

    number: int
    seed: int
    dir: Path
    line: Line
    decides: bool
    """Whether a pruner decides at each report."""
    replicate: int | None = None

    def report(self, step: int, metrics: Metrics) -> None:
        """Record the metrics of one step."""
        checked = checked_metrics(metrics)
        self.line.send(kind="reported", step=int(step), metrics=checked, replicate=self.replicate)
        if self.decides:
            self.line.ask_to_go_on(f"step {step}")


def main(descriptor: int) -> None:
    """Serve until standard input ends."""
    sys.path.insert(0, os.getcwd())
    commands = os.fdopen(os.dup(0), "r", encoding="utf-8")
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    with commands, os.fdopen(descriptor, "w", encoding="utf-8") as messages:
        line = Line(commands, messages)
        train = _set_up(line.receive(), line)
        while train is not None and (task := line.receive()) is not None:
            _run(train, task, line)


def _set_up(setup: Mapping[str, object] | None, line: Line) -> Train | None:
    """Load the workload and hold the sweep against it; answer `ready`, or `rejected` with the reason."""
    if setup is None:
        return None
    try:
        command = setup["command"]
        train = load_workload(str(setup["workload"])) if command is None else CommandWorkload(_texts(command))
        verify_workload(train, metrics=_texts(setup["metrics"]), probe=_mappings(setup["probe"]))
    except MorphogeneticError as error:
        traceback.print_exc()
        sys.stderr.flush()
        line.send(kind="rejected", error=type(error).__name__, message=_one_line(str(error)))
        return None
    line.send(kind="ready")
    return train


def _run(train: Train, task: Mapping[str, object], line: Line) -> None:
    """Run one trial and send how it ended."""
    folder = Path(str(task["dir"]))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _captured(folder / "output.txt"):
            ended = _outcome(train, task, folder, line)
    except OSError as error:
        ended = {"state": "failed", "reason": FailureReason.EXCEPTION, "message": _message(error)}
    line.send(kind="ended", **ended)


@contextmanager
def _captured(output: Path) -> Iterator[None]:
    """Send what is printed, by this process or what it starts, to a file; an empty one does not stay."""
    before = os.dup(1), os.dup(2)
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    _redirect(os.dup(file), 1)
    _redirect(file, 2)
    try:
        yield
    finally:
        with suppress(OSError):  # a full disk has no room for what was printed; the trial's end still counts
            sys.stdout.flush()
            sys.stderr.flush()
        for saved, standard in zip(before, (1, 2), strict=True):
            _redirect(saved, standard)
    with suppress(FileNotFoundError):  # the workload may have emptied its folder
        if not output.stat().st_size:
            output.unlink()


def _outcome(train: Train, task: Mapping[str, object], folder: Path, line: Line) -> dict[str, object]:
    try:
        metrics = _replicates(train, task, folder, line) if task["replicates"] else _single(train, task, folder, line)
    except Pruned as pruned:
        return {"state": "pruned", "message": _one_line(str(pruned))}
    except (Exception, SystemExit) as error:  # pylint: disable=broad-exception-caught  # recorded, with its traceback
        traceback.print_exc()
        reason = error.reason if isinstance(error, TrialFailed) else FailureReason.EXCEPTION
        return {"state": "failed", "reason": reason, "message": _message(error)}
    return {"state": "complete", "metrics": metrics}


def _single(train: Train, task: Mapping[str, object], folder: Path, line: Line) -> Metrics:
    """Run the workload once, with the trial's own seed."""
    trial = WorkerTrial(_whole(task["number"]), _whole(task["seed"]), folder, line, bool(task["decides"]))
    return _with_objectives(checked_metrics(train(_mapping(task["params"]), trial)), task)


def _replicates(train: Train, task: Mapping[str, object], folder: Path, line: Line) -> Metrics:
    """Run the workload once for each seed; what the replicates come to is the coordinator's to say."""
    for replicate in _mappings(task["replicates"]):
        number, place = _whole(replicate["replicate"]), folder / f"replicate_{replicate['replicate']}"
        place.mkdir(exist_ok=True)
        trial = WorkerTrial(_whole(task["number"]), _whole(replicate["seed"]), place, line, False, number)
        begun = time.monotonic()
        metrics = _with_objectives(checked_metrics(train(_mapping(task["params"]), trial)), task)
        duration = time.monotonic() - begun
        line.send(kind="replicated", replicate=number, seed=trial.seed, metrics=metrics, duration=duration)
        if task["decides"]:
            line.ask_to_go_on(f"replicate {number}")
    return {}


def _with_objectives(metrics: dict[str, float], task: Mapping[str, object]) -> dict[str, float]:
    for objective in _texts(task["objectives"]):
        if objective not in metrics:
            found = ", ".join(sorted(metrics)) or "none"
            message = f"the workload did not report the objective {objective}; its metrics: {found}"
            raise TrialFailed(message, reason=FailureReason.MISSING_METRIC)
    return metrics


def _message(error: BaseException) -> str:
    """Return one line: what was raised, and where in the workload."""
    if isinstance(error, MorphogeneticError):
        return _one_line(str(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return _one_line(f"{type(error).__name__}: {error}")[:500] + place


def _one_line(text: str) -> str:
    """Return a text that every carrier takes: one line, and no half of a character."""
    return " ".join(text.split()).encode("utf-8", "replace").decode()


def _redirect(source: int, target: int) -> None:
    """Make `target` an alias of `source`, and close `source`."""
    os.dup2(source, target)
    os.close(source)


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _mapping(value: object) -> Params:
    assert isinstance(value, dict)
    return value


def _mappings(value: object) -> list[Params]:
    assert isinstance(value, list)
    return [_mapping(each) for each in value]


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


if __name__ == "__main__":
    main(int(sys.argv[1]))
