"""Adam on the rows of a stack, with the kernel and the numbers that each run's own optimiser has.

Elements are independent, so rows can be updated together; only the last numbers of each tensor, which fill no whole
vector instruction, are updated as tensors of their own, because the kernel rounds them otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from morphogenetic_engine.engine.fused.layout import Layout
from morphogenetic_engine.engine.network.optimiser import Adam

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class StackedAdam:
    """The optimisers of the runs of a stack."""

    def __init__(
        self,
        flat_KT: Tensor,
        gradient_KT: Tensor,
        layouts: Sequence[Layout],
        optimisers: Sequence[Adam],
        tensors: Sequence[Sequence[Tensor]],
    ) -> None:
        """`flat_KT` holds the weights, `gradient_KT` at each step their gradients; what no tensor fills stays zero."""
        self._flat_KT = flat_KT
        self._gradient_KT = gradient_KT
        self._layouts = layouts
        self._optimisers = optimisers
        self._tensors = tensors
        self._first_KT, self._second_KT = torch.zeros_like(flat_KT), torch.zeros_like(flat_KT)
        self._steps_K = torch.zeros(len(flat_KT), dtype=torch.float32, device=flat_KT.device)
        for number, (optimiser, owned) in enumerate(zip(optimisers, tensors, strict=True)):
            known = [optimiser.state[each] for each in owned if optimiser.state.get(each)]
            if known:
                layouts[number].write(self._first_KT[number], [each["exp_avg"] for each in known])
                layouts[number].write(self._second_KT[number], [each["exp_avg_sq"] for each in known])
                self._steps_K[number] = known[0]["step"]
        self._find_tails()
        self._calls = list(self._calls_by_rate())

    def _find_tails(self) -> None:
        """Makes tensors of their own of the last numbers of each tensor."""
        found = [
            (number, [number * layout.length + place for place in places])
            for number, (layout, owned) in enumerate(zip(self._layouts, self._tensors, strict=True))
            for places in layout.tails([each.shape for each in owned])
        ]
        self._tail_owners = [number for number, _ in found]
        places = [place for _, each in found for place in each]
        self._tail_M = torch.tensor(places, dtype=torch.int64, device=self._flat_KT.device)
        sizes = [len(places) for _, places in found]
        flats = (self._flat_KT, torch.zeros_like(self._flat_KT), self._first_KT, self._second_KT)
        self._tail_values = [flat.view(-1)[self._tail_M] for flat in flats]
        self._tail_parts = [list(torch.split(values, sizes)) for values in self._tail_values]

    def _calls_by_rate(self) -> list[tuple[float, list[list[Tensor]], list[Tensor]]]:
        """Returns learning rate, (weights, gradients, moments) and steps of each call of the kernel."""
        flats = (self._flat_KT, self._gradient_KT, self._first_KT, self._second_KT)
        rates = [float(each.param_groups[0]["lr"]) for each in self._optimisers]
        calls = []
        for rate in sorted(set(rates)):
            lists: list[list[Tensor]] = [[], [], [], []]
            steps: list[Tensor] = []
            rows = [number for number, each in enumerate(rates) if each == rate]
            for start, stop in self._runs_of_equal_steps(rows):
                for kept, flat in zip(lists, flats, strict=True):
                    kept.append(flat[start:stop].view(-1))
                steps.append(self._steps_K[start])
            for place, owner in enumerate(self._tail_owners):
                if owner in rows:
                    for kept, parts in zip(lists, self._tail_parts, strict=True):
                        kept.append(parts[place])
                    steps.append(self._steps_K[owner])
            calls.append((rate, lists, steps))
        return calls

    def _runs_of_equal_steps(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """Returns neighbouring rows that have done equally many steps, as (start, stop)."""
        steps = self._steps_K.tolist()
        runs = []
        for _, members in groupby(enumerate(rows), key=lambda each: (each[1] - each[0], steps[each[1]])):
            numbers = [row for _, row in members]
            runs.append((numbers[0], numbers[-1] + 1))
        return runs

    def step(self) -> None:
        """Updates the weights with the gradients."""
        torch.index_select(self._gradient_KT.view(-1), 0, self._tail_M, out=self._tail_values[1])
        self._steps_K += 1
        for rate, (weights, grads, first, second), steps in self._calls:
            torch._fused_adam_(  # pylint: disable=protected-access  # what Adam(fused=True) calls
                weights,
                grads,
                first,
                second,
                [],
                steps,
                lr=rate,
                beta1=_BETA1,
                beta2=_BETA2,
                weight_decay=0.0,
                eps=_EPSILON,
                amsgrad=False,
                maximize=False,
            )
        self._flat_KT.view(-1).index_copy_(0, self._tail_M, self._tail_values[0])

    def write_back(self, number: int) -> None:
        """Copies weights and moments of one run to its own tensors and its own optimiser."""
        for flat, values in ((self._first_KT, self._tail_values[2]), (self._second_KT, self._tail_values[3])):
            flat.view(-1).index_copy_(0, self._tail_M, values)
        owned, optimiser, layout = self._tensors[number], self._optimisers[number], self._layouts[number]
        with torch.no_grad():
            layout.read(self._flat_KT[number], owned)
        if not self._steps_K[number]:
            return
        for tensor in owned:
            state = optimiser.state[tensor]
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=tensor.device)
                state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(tensor), torch.zeros_like(tensor)
            state["step"].copy_(self._steps_K[number])
        layout.read(self._first_KT[number], [optimiser.state[each]["exp_avg"] for each in owned])
        layout.read(self._second_KT[number], [optimiser.state[each]["exp_avg_sq"] for each in owned])
