"""The waves and sites of a stack of runs, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from morphogenetic_engine.engine.fused.output_layers import OutputLayers
from morphogenetic_engine.engine.fused.rows import Rows
from morphogenetic_engine.engine.fused.waves import Grown, Layers, Site, Wave
from morphogenetic_engine.engine.run import Run


class Trace:
    """The forward pass of one batch."""

    def __init__(self) -> None:
        self.waves: list[Tensor] = []
        """The output of each wave above the first site, of its members alone."""
        self.grown: list[Grown] = []
        """By site."""


@dataclass(frozen=True)
class Prefix:
    """The activations of some samples where the first seeds of the runs begin, which no longer change."""

    x_KND: Tensor
    taps: Sequence[Tensor | None]
    """The output of each wanted block, [N, D]; None: it is not below the first seeds."""


class WavePlan:
    """The layers and seeds that each run of a stack passes, together with the others as far as possible."""

    def __init__(self, runs: Sequence[Run], width: int) -> None:
        first = runs[0].network
        self._runs, self._width = runs, width
        self._input = Layers.of([run.network.input for run in runs], width, first.shape.features)
        output = Layers.of([run.network.output for run in runs], first.shape.classes, width)
        self._output_weight = output.weight_MDD
        self._output = OutputLayers(output.weight_MDD, output.bias_M1D, [run.settings.hidden_dim for run in runs])
        self._blocks = [_blocks_with_seeds(run) for run in runs]
        """The blocks of each run's landed seeds, each with the positions of these."""
        self._seen: dict[tuple[int, int], tuple[int, int]] = {}
        """(run, block) -> (wave, row) with the block's output."""
        steps = list(self._planned())
        self.sites = [step for step in steps if isinstance(step, Site)]
        at = steps.index(self.sites[0]) if self.sites else len(steps)
        self._below = [step for step in steps[:at] if isinstance(step, Wave)]
        self._onward = steps[at:]

    def _planned(self) -> Iterator[Wave | Site]:
        done = [-1] * len(self._runs)
        waves = 0
        for turn in range(max(map(len, self._blocks)) + 1):
            goals = [self._goal(place, turn) for place in range(len(self._runs))]
            while movers := [place for place, goal in enumerate(goals) if done[place] < goal]:
                for row, place in enumerate(movers):
                    done[place] += 1
                    self._seen[place, done[place]] = waves, row
                waves += 1
                yield self._wave(movers, done)
            members = [place for place, sites in enumerate(self._blocks) if turn < len(sites)]
            if members:
                seeds = [(place, self._runs[place], self._blocks[place][turn][1]) for place in members]
                yield Site(seeds, len(self._runs), self._width, is_lowest=turn == 0)

    def _goal(self, place: int, turn: int) -> int:
        """Returns the block at which a run stops next: that of its next seeds, else the last that anything needs."""
        sites, run = self._blocks[place], self._runs[place]
        if turn < len(sites):
            return sites[turn][0]
        if sites:
            return len(run.network.blocks) - 1
        return max((run.network.seeds[position].block for position in run.growth.training()), default=-1)

    def _wave(self, movers: Sequence[int], done: Sequence[int]) -> Wave:
        layers = Layers.of(
            [self._runs[place].network.blocks[done[place]] for place in movers], self._width, self._width
        )
        return Wave(Rows(movers, len(self._runs), layers.bias_M1D.device), layers)

    def prefix(self, x_KNF: Tensor, wanted: Sequence[tuple[int, int]] = ()) -> Prefix:
        """Returns the activations of samples below the first seeds, and the outputs of (run, block) that are there."""
        x_KND = self._input.forward(x_KNF).relu_()
        outputs = []
        for wave in self._below:
            x_KND, y_MND = wave.forward(x_KND)
            outputs.append(y_MND)
        places = [self._seen[each] for each in wanted]
        return Prefix(x_KND, [outputs[wave][row] if wave < len(outputs) else None for wave, row in places])

    def forward(self, prefix: Prefix) -> tuple[Tensor, Trace]:
        """Returns the last activations of each run, and what `backward` needs."""
        trace = Trace()
        x_KBD = prefix.x_KND
        for step in self._onward:
            if isinstance(step, Wave):
                x_KBD, y_MBD = step.forward(x_KBD)
                trace.waves.append(y_MBD)
            else:
                x_KBD, grown = step.forward(x_KBD)
                trace.grown.append(grown)
        return x_KBD, trace

    def logits(self, x_KBD: Tensor) -> Tensor:
        """Returns the outputs of the networks."""
        return self._output.forward(x_KBD)

    def tap(self, trace: Trace, place: int, block: int) -> Tensor:
        """Returns the output of a block of a run, before its seeds, that is not below the first ones."""
        wave, row = self._seen[place, block]
        return trace.waves[wave - len(self._below)][row]

    def backward(self, g_KBC: Tensor, trace: Trace) -> None:
        """Takes a step of each child that is in an output, from the last to the first that a run passes."""
        g_KBD = g_KBC.bmm(self._output_weight)
        waves, grown = iter(reversed(trace.waves)), iter(reversed(trace.grown))
        for step in reversed(self._onward):
            if isinstance(step, Site):
                g_KBD = step.backward(g_KBD, next(grown))
            else:
                g_KBD = step.backward(g_KBD, next(waves))


def _blocks_with_seeds(run: Run) -> list[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for position in run.growth.landed():
        found.setdefault(run.network.seeds[position].block, []).append(position)
    return sorted(found.items())
