"""The worker process: imports the workload once, then runs trial after trial until its standard input ends.

Started as `python -m morphogenetic_engine.sweeps.worker_process FD`. Commands come as JSON lines on standard input:
first the setup, then one line a trial. Messages go back as JSON lines on the descriptor FD. What the workload prints
goes to the trial's `output.txt`. Only the standard library is imported here, so that a worker is ready at once.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from morphogenetic_engine.errors import FailureReason, MorphogeneticError, Pruned, TrialFailed
from morphogenetic_engine.trial import Metrics, Params, Train, checked_metrics
from morphogenetic_engine.workload import CommandWorkload, load_workload, verify_workload


@dataclass(frozen=True)
class WorkerTrial:
    """The trial contract, carried by a local worker process."""

    number: int
    seed: int
    dir: Path
    channel: TextIO

    def report(self, step: int, metrics: Metrics) -> None:
        send(self.channel, kind="reported", step=int(step), metrics=checked_metrics(metrics))


def send(channel: TextIO, **message: object) -> None:
    """Write one message as one line."""
    channel.write(json.dumps(message, allow_nan=False) + "\n")
    channel.flush()


def main(descriptor: int) -> None:
    """Serve until standard input ends."""
    sys.path.insert(0, os.getcwd())
    commands = os.fdopen(os.dup(0), "r", encoding="utf-8")
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    with commands, os.fdopen(descriptor, "w", encoding="utf-8") as channel:
        train = _set_up(json.loads(commands.readline() or "null"), channel)
        if train is None:
            return
        for line in commands:
            _run(train, json.loads(line), channel)


def _set_up(setup: Mapping[str, object] | None, channel: TextIO) -> Train | None:
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
        send(channel, kind="rejected", error=type(error).__name__, message=str(error))
        return None
    send(channel, kind="ready")
    return train


def _run(train: Train, task: Mapping[str, object], channel: TextIO) -> None:
    """Run one trial and send how it ended."""
    folder = Path(str(task["dir"]))
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output.txt"
    before = os.dup(1), os.dup(2)
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    _redirect(os.dup(file), 1)
    _redirect(file, 2)
    try:
        ended = _outcome(train, task, WorkerTrial(_whole(task["number"]), _whole(task["seed"]), folder, channel))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for saved, standard in zip(before, (1, 2), strict=True):
            _redirect(saved, standard)
    if not output.stat().st_size:
        output.unlink()
    send(channel, kind="ended", **ended)


def _outcome(train: Train, task: Mapping[str, object], trial: WorkerTrial) -> dict[str, object]:
    params = next(iter(_mappings([task["params"]])))
    try:
        metrics = checked_metrics(train(params, trial))
    except Pruned as pruned:
        return {"state": "pruned", "message": str(pruned)}
    except (Exception, SystemExit) as error:  # pylint: disable=broad-exception-caught  # recorded, with its traceback
        traceback.print_exc()
        reason = error.reason if isinstance(error, TrialFailed) else FailureReason.EXCEPTION
        return {"state": "failed", "reason": reason, "message": _message(error)}
    objective = str(task["objective"])
    if objective not in metrics:
        found = ", ".join(sorted(metrics)) or "none"
        message = f"the workload did not report the objective {objective}; its metrics: {found}"
        return {"state": "failed", "reason": FailureReason.MISSING_METRIC, "message": message}
    return {"state": "complete", "metrics": metrics}


def _message(error: BaseException) -> str:
    """Return one line: what was raised, and where in the workload."""
    if isinstance(error, MorphogeneticError):
        return " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500] + place


def _redirect(source: int, target: int) -> None:
    """Make `target` an alias of `source`, and close `source`."""
    os.dup2(source, target)
    os.close(source)


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _mappings(value: object) -> list[Params]:
    assert isinstance(value, list)
    return [dict(each) for each in value]


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


if __name__ == "__main__":
    main(int(sys.argv[1]))
