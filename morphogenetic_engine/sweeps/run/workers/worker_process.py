"""The worker process: imports the workload once, then runs trial after trial until its standard input ends.

Started as `python -m morphogenetic_engine.sweeps.run.workers.worker_process FD`. Commands are JSON lines on standard
input: first the setup, then the tasks. Messages go back as JSON lines on the descriptor FD. What the workload prints
goes to the trial's `output.txt`. Only the standard library is imported here, so that a worker starts quickly.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from morphogenetic_engine.errors import FailureReason, MorphogeneticError, Paused, Pruned, TrialFailed, error_place
from morphogenetic_engine.sweeps.run.workers.channel import Channel
from morphogenetic_engine.sweeps.run.workers.process_state import (
    ProcessState,
    children,
    flush_streams,
    seed_generators,
)
from morphogenetic_engine.sweeps.run.workers.report_file import ReportFile
from morphogenetic_engine.sweeps.run.workers.worker_trial import Pausing, WorkerTrial, end_by_decision
from morphogenetic_engine.trial import Metrics, Params, Train, missing_objective
from morphogenetic_engine.workload.loading import verify_workload
from morphogenetic_engine.workload.output_metrics import WantedMetrics
from morphogenetic_engine.workload.workload_kinds import workload_of

_LONGEST_MESSAGE = 2000

_EndMessage: TypeAlias = Mapping[str, object]


def main(descriptor: int) -> None:
    """Serves until standard input ends."""
    sys.path.insert(0, os.getcwd())
    channel = Channel(os.dup(0), descriptor)
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    train = _set_up(channel.receive(), channel)
    if train is None:
        return
    worker = _Worker(train, channel, ProcessState())
    while (command := channel.receive()) is not None:
        for task in _mappings(command.get("tasks", [])):  # a late decision has none
            worker.run(task)


class _OwnFolder(Exception):
    """A folder of ours cannot be made, as opposed to one of the workload's."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True)
class _Worker:
    train: Train
    channel: Channel
    state: ProcessState
    """The state that each run of the workload finds."""

    def run(self, task: Mapping[str, object]) -> None:
        """Runs one attempt and sends how it ended."""
        trial = WorkerTrial(
            self.channel,
            number=_whole(task["trial"]),
            attempt=_whole(task["attempt"]),
            seed=_whole(task["seed"]),
            dir=Path(str(task["dir"])),
            decides=bool(task["decides"]),
            named=frozenset([*_texts(task["objectives"]), *_texts(task["named"])]),
            pausing=_pausing(task),
            kept=(
                ReportFile(Path(str(task["dir"])), _step(task.get("reported_until")))
                if task.get("keeps_reports")
                else None
            ),
        )
        try:
            trial.dir.mkdir(parents=True, exist_ok=True)
            with _captured(f"{task['dir']}/output.txt"):
                before = children(), frozenset(threading.enumerate())
                ended = self._outcome(task, trial)
                _name_what_is_left(trial.number, *before)
        except OSError as error:  # of these lines: the workload's own are caught in `_outcome`
            place = error.filename or trial.dir
            ended = {"kind": "unwritable", "message": f"{place}: cannot be written: {error.strerror or error}"}
        trial.close()
        trial.send({**ended, "left_out": trial.left_out} if trial.left_out else ended)

    def _outcome(self, task: Mapping[str, object], trial: WorkerTrial) -> _EndMessage:
        """Runs the workload and returns the message about its end; a decision to end the trial overrides all else."""
        ended: _EndMessage
        try:
            trial.report_missing()
            metrics = self._replicates(task, trial) if task["replicates"] else self._once(task, trial)
            ended = {"kind": "ended", "state": "complete", "metrics": metrics}
        except Pruned as pruned:
            ended = {"kind": "ended", "state": "pruned", "message": _one_line(str(pruned))}
        except _OwnFolder as error:
            raise error.cause from error
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # pylint: disable=broad-exception-caught
            if not isinstance(error, Paused):
                traceback.print_exc()
            reason = error.reason if isinstance(error, TrialFailed) else FailureReason.EXCEPTION
            ended = {"kind": "ended", "state": "failed", "reason": reason, "message": _message(error)}
        if self.channel.is_forked:
            os.write(2, b"a process that the workload forked returned from the workload; it ends here\n")
            os._exit(0)
        return end_by_decision(trial, trial.verdict) if trial.verdict is not None else ended

    def _once(self, task: Mapping[str, object], trial: WorkerTrial) -> Metrics:
        """Runs the workload with the trial's or replicate's seed, from a clean state of the process."""
        self.state.restore()
        seed_generators(trial.seed)
        return _with_objectives(trial.finite(self.train(_mapping(task["params"]), trial)), task)

    def _replicates(self, task: Mapping[str, object], trial: WorkerTrial) -> Metrics:
        """Runs the workload for each replicate that is left; the coordinator combines their metrics."""
        for replicate in _mappings(task["replicates"]):
            number, seed = _whole(replicate["replicate"]), _whole(replicate["seed"])
            one = trial.replicate(number, seed)
            try:
                one.dir.mkdir(exist_ok=True)
            except OSError as error:
                raise _OwnFolder(error) from error
            begun = time.monotonic()
            metrics = self._once(task, one)
            one.close()
            duration = time.monotonic() - begun
            done = {"replicate": number, "seed": seed, "metrics": metrics, "duration": duration}
            trial.send({"kind": "replicated", **done})
            if task["decides"]:
                trial.await_decision(f"replicate {number}")
        return {}


def _pausing(task: Mapping[str, object]) -> Pausing | None:
    """Returns where an attempt pauses; None: it runs to its end."""
    after = task.get("pause_after")
    return (
        None if after is None else Pausing(_whole(after), _step(task.get("reported_until")), _texts(task["objectives"]))
    )


def _step(value: object) -> int | None:
    return None if value is None else _whole(value)


def _set_up(setup: Mapping[str, object] | None, channel: Channel) -> Train | None:
    """Loads the workload and checks the sweep against it; answers `ready`, or `rejected` with the reason."""
    if setup is None:
        return None
    try:
        workload = workload_of(_mapping(setup["workload"]))
        assert workload is not None, "the coordinator names one"
        names = _mapping(setup["wanted"])
        train = workload.load(WantedMetrics(_texts(names["objectives"]), _texts(names["others"])))
        verify_workload(train, metrics=_texts(setup["metrics"]), probe=_mappings(setup["probe"]))
    except MorphogeneticError as error:
        traceback.print_exc()
        sys.stderr.flush()
        channel.send({"kind": "rejected", "error": type(error).__name__, "message": _one_line(str(error))})
        return None
    channel.send({"kind": "ready"})
    return train


@contextmanager
def _captured(output: str) -> Iterator[None]:
    """Writes what this process and its children print to a file, which is removed at the end if it is empty."""
    before = os.dup(1), os.dup(2)
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    _redirect(os.dup(file), 1)
    _redirect(file, 2)
    try:
        yield
    finally:
        flush_streams()
        for saved, standard in zip(before, (1, 2), strict=True):
            _redirect(saved, standard)
    with suppress(FileNotFoundError):  # the workload may have emptied its folder
        if not os.stat(output).st_size:
            os.unlink(output)


def _with_objectives(metrics: dict[str, float], task: Mapping[str, object]) -> dict[str, float]:
    for objective in _texts(task["objectives"]):
        if objective not in metrics:
            raise missing_objective(objective, metrics)
    return metrics


def _name_what_is_left(number: int, processes: frozenset[int], threads: frozenset[threading.Thread]) -> None:
    """Prints which processes and threads a trial started and left running: they may disturb the trials after it."""
    left = sorted(children() - processes)
    if left:
        ids = ", ".join(map(str, left))
        print(f"trial {number} left processes running: {ids} (execution.isolate: true ends them)", file=sys.stderr)
    running = sorted(each.name for each in threading.enumerate() if each not in threads)
    if running:
        names = ", ".join(running)
        print(f"trial {number} left threads running: {names} (execution.isolate: true ends them)", file=sys.stderr)


def _message(error: BaseException) -> str:
    """Returns one line: what was raised, and where in the workload."""
    try:
        text = str(error)
    except Exception as mistake:  # pylint: disable=broad-exception-caught  # the workload's own __str__ runs here
        text = f"(its text cannot be made: {type(mistake).__name__})"
    if isinstance(error, MorphogeneticError):
        return _one_line(text)
    return _one_line(f"{type(error).__name__}: {text[:_LONGEST_MESSAGE]}")[:500] + error_place(error)


def _one_line(text: str) -> str:
    """Returns a text that every carrier takes: one line of bounded length, without half characters."""
    cut = text[: _LONGEST_MESSAGE - 1] + "…" if len(text) > _LONGEST_MESSAGE else text
    return " ".join(cut.split()).encode("utf-8", "replace").decode()


def _redirect(source: int, target: int) -> None:
    """Makes `target` an alias of `source`, and closes `source`."""
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
