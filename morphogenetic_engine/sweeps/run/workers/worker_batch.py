"""The trials that a worker process trains together: they join, report, and end one by one."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from types import TracebackType

from morphogenetic_engine.errors import TrialFailed, error_line
from morphogenetic_engine.sweeps.run.workers.channel import Channel
from morphogenetic_engine.sweeps.run.workers.end_messages import (
    EndMessage,
    completed,
    ended_by,
    one_line,
    print_traceback,
    send_end,
    unwritable,
)
from morphogenetic_engine.sweeps.run.workers.output_capture import OutputFile
from morphogenetic_engine.sweeps.run.workers.task_line import TaskLine, mapping, mappings, trial_of, with_objectives
from morphogenetic_engine.trial import Metrics, TrainMany
from morphogenetic_engine.workload.nested_parameters import nested


class _Member:
    """One trial of a batch; see `trial.FusedTrial`."""

    def __init__(self, task: TaskLine, channel: Channel) -> None:
        self._task = task
        self._trial = trial_of(task, channel)
        self._channel = channel
        self._output: OutputFile | None = None
        self.params = nested(mapping(task["params"]))
        self.number = self._trial.number
        self.seed = self._trial.seed
        self.dir = self._trial.dir
        self.is_running = True
        self._limit = _seconds(task.get("limit"))
        self._used = 0.0
        self._was_together = False

    def begin(self) -> None:
        """Makes the trial's folder and sends the reports that the coordinator lacks; both may end it."""
        try:
            self.dir.mkdir(parents=True, exist_ok=True)
            self._output = OutputFile(f"{self._task['dir']}/output.txt")
        except OSError as error:
            self._end(unwritable(error, self._trial))
            return
        with self:
            self._trial.report_missing()

    def report(self, step: int, metrics: Metrics) -> None:
        """Records the metrics of one step."""
        self._trial.report(step, metrics)

    def complete(self, metrics: Metrics) -> None:
        """Ends the trial with its metrics."""
        if not self.is_running:
            raise TrialFailed(f"trial {self.number} has ended: it cannot be completed")
        self._end(completed(with_objectives(self._trial.finite(metrics), self._task)))

    def saved(self, seconds: float) -> None:
        """Keeps the seconds that it has saved so far, for its last message."""
        if not math.isfinite(seconds):
            raise TrialFailed(f"the seconds that trial {self.number} has saved must be finite, but got {seconds}")
        self._trial.saved = float(seconds)

    def use(self, seconds: float, together: int) -> None:
        """Adds its share of the time that it was trained with others; when its limit is reached, it leaves them."""
        self._used += seconds / together
        self._was_together |= together > 1
        if self._limit is not None and self._was_together and self._used >= self._limit:
            self.leave(f"it used more than {self._limit:g} s of its batch's time")

    def leave(self, message: str) -> None:
        """Returns a trial that the batch has not ended; one about which a report decided ends by that."""
        if self.is_running:
            self._end({"kind": "returned", "message": message})

    def __enter__(self) -> _Member:
        if self._output is not None and self.is_running:
            self._output.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback_: TracebackType | None
    ) -> bool:
        if error is not None and self.is_running:
            if self._channel.is_forked:
                os.write(2, b"a process that the workload forked returned from the workload; it ends here\n")
                os._exit(0)
            self._end(ended_by(error))
        elif self._output is not None and self.is_running:
            self._output.end()
        return error is not None

    def _end(self, ended: EndMessage) -> None:
        self.is_running = False
        if self._output is not None:
            self._output.end()
            self._output.close()
        send_end(self._trial, ended)


class WorkerBatch:
    """The trials of one worker; new ones join when the coordinator sends them."""

    def __init__(self, tasks: Sequence[TaskLine], channel: Channel) -> None:
        self._channel = channel
        self._members: list[_Member] = []
        self._counted = time.monotonic()
        self._join(tasks)

    def running(self) -> Sequence[_Member]:
        """Returns the trials that run now, in the order in which they joined."""
        self._count_time()
        while (command := self._channel.waiting()) is not None:
            if not command.get("fused"):
                self._channel.put_back(command)
                break
            self._join(mappings(command["tasks"]))
        self._members = [member for member in self._members if member.is_running]
        return list(self._members)

    def _count_time(self) -> None:
        now = time.monotonic()
        present = [member for member in self._members if member.is_running]
        for member in present:
            member.use(now - self._counted, len(present))
        self._counted = now

    def train(self, train_many: TrainMany) -> None:
        """Trains all trials; those that are not ended when the function returns or raises run again, alone."""
        message = "the workload returned before it had ended the trial"
        try:
            train_many(self)
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # pylint: disable=broad-exception-caught
            print_traceback(error)
            message = one_line(f"the batch raised {error_line(error)}")
        for member in self._members:
            member.leave(message)

    def _join(self, tasks: Sequence[TaskLine]) -> None:
        for task in tasks:
            member = _Member(task, self._channel)
            member.begin()
            self._members.append(member)


def _seconds(value: object) -> float | None:
    """Returns a number of seconds, if there is one."""
    return float(value) if isinstance(value, int | float) else None
