"""The worker process: imports the workload once, then runs trial after trial until its standard input ends.

Started as `python -m morphogenetic_engine.sweeps.run.workers.worker_process FD`. Commands are JSON lines on standard
input: first the setup, then the tasks. Messages go back as JSON lines on the descriptor FD. What the workload prints
goes to the trial's `output.txt`. Only the standard library is imported here, so that a worker starts quickly.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sweeps.run.workers.channel import Channel
from morphogenetic_engine.sweeps.run.workers.end_messages import (
    EndMessage,
    completed,
    ended_by,
    one_line,
    send_end,
    unwritable,
)
from morphogenetic_engine.sweeps.run.workers.output_capture import captured, redirect
from morphogenetic_engine.sweeps.run.workers.process_state import ProcessState, children, seed_generators
from morphogenetic_engine.sweeps.run.workers.task_line import (
    TaskLine,
    mapping,
    mappings,
    texts,
    trial_of,
    whole,
    with_objectives,
)
from morphogenetic_engine.sweeps.run.workers.worker_batch import WorkerBatch
from morphogenetic_engine.sweeps.run.workers.worker_trial import WorkerTrial
from morphogenetic_engine.trial import Metrics, Train, declaration_of
from morphogenetic_engine.workload.host_pass import end_when_withdrawn
from morphogenetic_engine.workload.loading import most_at_once, verify_workload
from morphogenetic_engine.workload.output_metrics import WantedMetrics
from morphogenetic_engine.workload.workload_kinds import workload_of

_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def main(descriptor: int) -> None:
    """Serves until standard input ends."""
    sys.path.insert(0, os.getcwd())
    atexit.register(_end_quickly)  # before the workload registers any function, so that it is called after them
    channel = Channel(os.dup(0), descriptor)
    redirect(os.open(os.devnull, os.O_RDONLY), 0)
    train = _set_up(channel.receive(), channel)
    if train is None:
        return
    worker = _Worker(train, channel, ProcessState())
    while (command := channel.receive()) is not None:
        worker.follow(command)


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

    def follow(self, command: Mapping[str, object]) -> None:
        """Runs the tasks of a command; a late decision has none."""
        tasks, fused = mappings(command.get("tasks", [])), declaration_of(self.train).fused
        if tasks and fused is not None and command.get("fused"):
            self.state.restore()
            WorkerBatch(tasks, self.channel).train(fused)
            return
        for task in tasks:
            self.run(task)

    def run(self, task: TaskLine) -> None:
        """Runs one attempt and sends how it ended."""
        trial = trial_of(task, self.channel)
        try:
            trial.dir.mkdir(parents=True, exist_ok=True)
            with captured(f"{task['dir']}/output.txt"):
                before = children(), frozenset(threading.enumerate())
                ended = self._outcome(task, trial)
                _name_what_is_left(trial.number, *before)
        except OSError as error:  # of these lines: the workload's own are caught in `_outcome`
            ended = unwritable(error, trial)
        send_end(trial, ended)

    def _outcome(self, task: TaskLine, trial: WorkerTrial) -> EndMessage:
        """Runs the workload and returns the message about its end."""
        try:
            trial.report_missing()
            ended = completed(self._replicates(task, trial) if task["replicates"] else self._once(task, trial))
        except _OwnFolder as error:
            raise error.cause from error
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # pylint: disable=broad-exception-caught
            ended = ended_by(error, f"{task['dir']}/output.txt")
        if self.channel.is_forked:
            os.write(2, b"a process that the workload forked returned from the workload; it ends here\n")
            os._exit(0)
        return ended

    def _once(self, task: TaskLine, trial: WorkerTrial) -> Metrics:
        """Runs the workload with the trial's or replicate's seed, from a clean state of the process."""
        self.state.restore()
        seed_generators(trial.seed)
        return with_objectives(trial.finite(self.train(mapping(task["params"]), trial)), task)

    def _replicates(self, task: TaskLine, trial: WorkerTrial) -> Metrics:
        """Runs the workload for each replicate that is left; the coordinator combines their metrics."""
        for replicate in mappings(task["replicates"]):
            number, seed = whole(replicate["replicate"]), whole(replicate["seed"])
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
                trial.follow_decision(number, metrics, f"replicate {number}")
        return {}


def _set_up(setup: Mapping[str, object] | None, channel: Channel) -> Train | None:
    """Loads the workload and checks the sweep against it; answers `ready`, or `rejected` with the reason."""
    if setup is None:
        return None
    if host_pass := setup.get("host_pass"):
        end_when_withdrawn(str(host_pass))
    try:
        workload = workload_of(mapping(setup["workload"]))
        assert workload is not None, "the coordinator names one"
        names = mapping(setup["wanted"])
        train = workload.load(WantedMetrics(texts(names["objectives"]), texts(names["others"])))
        probe = mappings(setup["probe"])
        verify_workload(train, metrics=texts(setup["metrics"]), probe=probe, change=texts(setup.get("change", [])))
        most = most_at_once(train, probe)
    except MorphogeneticError as error:
        traceback.print_exc()
        sys.stderr.flush()
        channel.send({"kind": "rejected", "error": type(error).__name__, "message": one_line(str(error))})
        return None
    channel.send({"kind": "ready", "most": most})
    return train


def _end_quickly() -> None:
    """Spares the interpreter the search for cyclic garbage at its end, most of a second with PyTorch loaded.

    The search would also find files that a workload left open, so they are flushed here.
    """
    for each in gc.get_objects():
        if issubclass(type(each), _WRITERS):
            with suppress(OSError, ValueError):  # a broken pipe, or closed already
                each.flush()
    gc.disable()
    gc.freeze()


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


if __name__ == "__main__":
    main(int(sys.argv[1]))
