"""The plan of a halving: the rungs, how many configurations reach each of them, and what that costs. Pure numbers.

A rung is a number of reports (steps). A bracket begins with some configurations at the first rung; the best 1/eta of
them go on to the next one, until a few are trained to the full length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

LEAST_SHARE = Fraction(1, 50)
"""The smallest share of the full length that the first rung may be by default: shorter training ranks too badly."""
LEAST_REPORTS = 2
"""Reports before the first rung by default: many workloads make the first one before they train."""
MOST_BRACKETS = 5
"""Brackets by default, where a sampler learns from one for the next."""
_EARLIER_MOST_BRACKETS = 3


@dataclass(frozen=True)
class Bracket:
    """Configurations that are compared with each other, by consecutive trial numbers."""

    first: int
    """The number of its first trial."""
    sizes: tuple[int, ...]
    """The number of configurations that are trained to each rung."""

    @property
    def end(self) -> int:
        """The number after its last trial."""
        return self.first + self.sizes[0]

    @property
    def numbers(self) -> range:
        """The numbers of its trials."""
        return range(self.first, self.end)


@dataclass(frozen=True)
class HalvingPlan:
    """The rungs and brackets of a sweep."""

    eta: int
    rungs: tuple[int, ...]
    """Reports at which trials are compared; the last is the full length, where nothing pauses."""
    brackets: tuple[Bracket, ...]

    @property
    def trials(self) -> int:
        """The number of configurations."""
        return self.brackets[-1].end

    @property
    def full(self) -> int:
        """The reports of a full training."""
        return self.rungs[-1]

    @property
    def top(self) -> int:
        """The last rung, counted from 0."""
        return len(self.rungs) - 1

    @property
    def steps(self) -> int:
        """The steps that all trials together take where each goes on from its checkpoint."""
        lengths = [reports - below for below, reports in zip((0, *self.rungs), self.rungs, strict=False)]
        return sum(
            size * length for bracket in self.brackets for size, length in zip(bracket.sizes, lengths, strict=True)
        )

    @property
    def cost(self) -> float:
        """The steps as a number of full trainings."""
        return self.steps / self.full

    def reaching(self, rung: int) -> int:
        """Returns how many configurations are trained to a rung."""
        return sum(bracket.sizes[rung] for bracket in self.brackets)

    def bracket_of(self, number: int) -> int:
        """Returns the place of a trial's bracket."""
        return next(place for place, bracket in enumerate(self.brackets) if number < bracket.end)


def rungs_of(full: int, eta: int, first_rung: int | None = None) -> tuple[int, ...]:
    """Returns the reports at each rung, ascending; the last is the full length.

    Without `first_rung`, the first has at least 2 reports, 2 % of the full length, and eta times fewer than the second.
    """
    if first_rung is None:
        rungs, share = [full], Fraction(1, eta)
        while share >= LEAST_SHARE and LEAST_REPORTS <= _rounded(full * share) < rungs[0]:
            rungs.insert(0, _rounded(full * share))
            share /= eta
        return tuple(rungs)
    rungs = []
    # A rung so near to the full length that the next one would be less than the square root of eta away is left out.
    while first_rung < full and (not rungs or first_rung**2 * eta <= full**2):
        rungs.append(first_rung)
        first_rung *= eta
    return (*rungs, full)


def sizes_of(configurations: int, eta: int, rungs: int) -> tuple[int, ...]:
    """Returns how many configurations are trained to each rung: 1/eta of those below, at least one."""
    sizes = [configurations]
    while len(sizes) < rungs:
        sizes.append(max(1, sizes[-1] // eta))
    return tuple(sizes)


def default_brackets(configurations: int, eta: int, top: int, learns: bool) -> int:
    """Returns the number of brackets: several where a sampler learns from one for the next, and each is big enough.

    `top` is the number of rungs below the full length. With eta to its power one configuration gets there by merit; two
    thirds of that are better where there are few trials, since one more bracket learns.
    """
    return min(MOST_BRACKETS, max(1, configurations // max(eta**2, 2 * eta**top // 3))) if learns else 1


def earlier_default_brackets(configurations: int, eta: int, learns: bool) -> int:
    """Returns the default number of brackets of sweeps whose record names none, which were started by version 0.1."""
    return min(_EARLIER_MOST_BRACKETS, max(1, configurations // eta**2)) if learns else 1


def most_rungs_below(eta: int) -> int:
    """Returns how many rungs below a full length there are by default, if it is long."""
    share, found = Fraction(1, eta), 0
    while share >= LEAST_SHARE:
        share, found = share / eta, found + 1
    return found


def plan_of(configurations: int, eta: int, rungs: Sequence[int], brackets: int) -> HalvingPlan:
    """Returns the plan for a number of configurations; brackets are of equal size, the first ones one larger."""
    each, more = divmod(configurations, brackets)
    planned: list[Bracket] = []
    first = 0
    for place in range(brackets):
        planned.append(Bracket(first, sizes_of(each + int(place < more), eta, len(rungs))))
        first = planned[-1].end
    return HalvingPlan(eta, tuple(rungs), tuple(planned))


def budgeted_brackets(budget: float, eta: int, rungs: Sequence[int], learns: bool) -> int:
    """Returns the default number of brackets for a budget in full trainings: the most that it can fill."""
    for count in range(MOST_BRACKETS, 1, -1):
        if default_brackets(most_configurations(budget, eta, rungs, count), eta, len(rungs) - 1, learns) >= count:
            return count
    return 1


def most_configurations(budget: float, eta: int, rungs: Sequence[int], brackets: int) -> int:
    """Returns the largest number of configurations whose plan costs no more than a budget in full trainings."""
    return max(brackets, _largest(partial(_fits, budget, eta, rungs, brackets), brackets))


def _fits(budget: float, eta: int, rungs: Sequence[int], brackets: int, configurations: int) -> bool:
    return plan_of(configurations, eta, rungs, brackets).cost <= budget


def _largest(fits: Callable[[int], bool], least: int) -> int:
    """Returns the largest whole number that fits, where all smaller ones do; `least` - 1 if that one does not."""
    low, high = least - 1, least
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _rounded(number: Fraction) -> int:
    """Returns the nearest whole number; of two, the larger."""
    return int(number + Fraction(1, 2))
