"""The trials that a worker process trains together: they join, report, and end one by one."""

from __future__ import annotations

import os
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
        self._join(tasks)

    def running(self) -> Sequence[_Member]:
        """Returns the trials that run now, in the order in which they joined."""
        while (command := self._channel.waiting()) is not None:
            if not command.get("fused"):
                self._channel.put_back(command)
                break
            self._join(mappings(command["tasks"]))
        self._members = [member for member in self._members if member.is_running]
        return list(self._members)

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
