"""The stacks of a batch: runs join one when they can, leave it when they end, and the others train alone."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.engine.device import torch_threads
from morphogenetic_engine.engine.fused.agreements import Agreements
from morphogenetic_engine.engine.fused.growing import GrowingStack
from morphogenetic_engine.engine.fused.self_check import SelfCheck, seconds_alone, stack_of
from morphogenetic_engine.engine.fused.stack_kinds import EpochShape, Kind, kind_of, shape_of
from morphogenetic_engine.engine.fused.warm_up import WarmUpStack
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.time_saved import TimeSaved


class Stacks:
    """The runs that train together, by kind."""

    def __init__(self, agreements: Agreements, saved: TimeSaved[Run, EpochShape]) -> None:
        """`agreements` are the outcomes of earlier self-checks, `saved` estimates the time that stacks save."""
        self._check = SelfCheck(agreements)
        self._stacks: dict[Kind, WarmUpStack | GrowingStack] = {}
        self._saved = saved

    def train_epoch(self, runs: Sequence[Run]) -> None:
        """Trains one epoch of the runs that can be stacked; `finish_epoch` does the rest, run by run."""
        begun = self._saved.clock()
        members: dict[Kind, list[Run]] = {}
        for run in runs:
            kind = kind_of(run)
            if kind is None or run not in self._runs_of(kind):
                self.write_back(run)  # it leaves its stack, or may be compared with one alone
            if kind is not None:
                members.setdefault(kind, []).append(run)
        self._arrange({kind: checked for kind, found in members.items() if (checked := self._checked(kind, found))})
        shapes = {kind: [(run, shape_of(kind, run)) for run in stack.runs] for kind, stack in self._stacks.items()}
        count = sum(map(len, shapes.values()))
        self._saved.sample([each for found in shapes.values() for each in found], self._seconds_alone)
        prepared = self._saved.clock() - begun
        for kind, stack in self._stacks.items():
            begun = self._saved.clock()
            stack.train_epoch()
            self._saved.add(shapes[kind], self._saved.clock() - begun + prepared * len(stack.runs) / count)

    def saved(self, run: Run) -> float | None:
        """Returns the seconds that a run has saved in stacks, estimated; None: nothing was measured."""
        return self._saved.of(run)

    def _seconds_alone(self, run: Run) -> float:
        self.write_back(run)
        return seconds_alone(run)

    def _runs_of(self, kind: Kind) -> Sequence[Run]:
        """Returns the runs that are stacked as this kind."""
        return self._stacks[kind].runs if kind in self._stacks else ()

    def _checked(self, kind: Kind, runs: Sequence[Run]) -> list[Run]:
        """Returns the runs whose bits a stack of this kind does not change."""
        return [run for run in runs if self._check.agrees(kind, run, len(runs))]

    def finish_epoch(self, run: Run) -> None:
        """Records the epoch of a stacked run; trains that of another one."""
        for stack in self._stacks.values():
            if run in stack.runs:
                stack.finish_epoch(run)
                return
        with torch_threads(run.settings.threads):
            run.next_epoch()

    def write_back(self, run: Run) -> None:
        """Copies the weights and optimiser of a run out of its stack, if it is in one."""
        for stack in self._stacks.values():
            if run in stack.runs:
                stack.write_back([run])

    def _arrange(self, members: dict[Kind, list[Run]]) -> None:
        """Makes the stacks anew whose runs, or the seeds of these, have changed."""
        for kind, stack in list(self._stacks.items()):
            wanted = members.get(kind, [])
            if len(wanted) != len(stack.runs) or any(run not in stack.runs for run in wanted) or not stack.is_current:
                stack.write_back(stack.runs)
                del self._stacks[kind]
        for kind, runs in members.items():
            if kind not in self._stacks:
                self._stacks[kind] = stack_of(kind, runs)
