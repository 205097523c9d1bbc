"""Decides at each rung which trials go on: the best 1/eta of a bracket, once all its trials have reached the rung."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord, counted_steps
from morphogenetic_engine.sweeps.schema.halving_plan import Bracket, HalvingPlan
from morphogenetic_engine.sweeps.schema.objective import Objective, OutcomeLimits, broken_text
from morphogenetic_engine.sweeps.search.halving.ranking import ranked
from morphogenetic_engine.sweeps.search.halving.rung_results import metrics_at
from morphogenetic_engine.sweeps.strategy import RungDecision, Trials
from morphogenetic_engine.trial import Metrics


class HalvingPromoter:
    """Follows the rungs of every bracket; each decision is made as soon as it is certain."""

    def __init__(self, config: SweepConfig, configurations: int, *, learns: bool, enough: int) -> None:
        """`learns`: a sampler is shown the results of the brackets before; `enough` is how many it wants."""
        self._halving = config.optimization.halving
        self._objectives = config.optimization.all_objectives
        self._limits = config.optimization.outcome_constraints
        self._configurations = configurations
        self._brackets_learn = config.brackets_learn
        self._learns = learns
        self._enough = enough
        self.brackets = self._halving.plan(configurations, 1, learns=self._brackets_learn).brackets
        """The trials of each bracket; the sizes at its rungs depend on the full length: see the plan."""
        self._plan: HalvingPlan | None = None
        self._races: list[_Race] = []
        if self._halving.full is not None:
            self._set_plan(self._halving.full)

    def plan(self, trials: Trials) -> HalvingPlan | None:
        """Returns the plan; None: the full length is not known yet, since no trial is complete."""
        if self._plan is None:
            pilot = self._pilot(trials)
            if pilot is not None:
                steps = counted_steps(pilot, [each.metric for each in self._objectives])
                self._set_plan(max(1, len(steps)))
        return self._plan

    def pause_after(self, number: int, trials: Trials) -> int | None:
        """Returns the reports of the rung that a trial is trained to; None: to its end."""
        plan = self.plan(trials)
        rung = trials[number].rung if number in trials else 0
        return None if plan is None or rung >= plan.top else plan.rungs[rung]

    def group(self, number: int) -> range:
        """Returns the trials of the bracket that a trial belongs to."""
        return next(bracket.numbers for bracket in self.brackets if number < bracket.end)

    def turn(self, number: int, rung: int, trials: Trials) -> int:
        """Returns the first trial of the bracket: brackets take turns. Or the number of trials, for those that wait.

        The last bracket's rungs leave workers idle. What the bracket before trains beyond the results that are shown to
        the last one's sampler fills these places.
        """
        first, plan = self.group(number).start, self.plan(trials)
        if plan is None or len(plan.brackets) == 1 or first != plan.brackets[-2].first:
            return first
        # A design shows nothing; if its second rung waited too, two workers would train 92 instead of 96 % of the time.
        shown = shown_rung(plan, len(plan.brackets) - 1, self._enough) if self._learns else 1
        return self._configurations if rung > shown else first

    def may_start(self, number: int, trials: Trials) -> bool:
        """Returns whether all earlier brackets have reached the rung whose results the sampler is shown."""
        plan = self.plan(trials)
        if plan is None:
            return all(each in trials and trials[each].state.final for each in range(number))
        if not self._learns:
            return True
        place = plan.bracket_of(number)
        shown = shown_rung(plan, place, self._enough)
        return all(race.settled > shown for race in self._races[:place])

    def decided(self, trials: Trials) -> Sequence[RungDecision]:
        """Returns the decisions that can be made now, in the order of brackets, rungs and numbers."""
        if self.plan(trials) is None:
            return []
        decisions: list[RungDecision] = []
        for race in self._races:
            while race.is_settled(trials):
                decisions += race.decide(trials)
            if not decisions:
                decisions = race.certain(trials)
        return decisions

    def shown_rung(self, place: int) -> int:
        """Returns the rung whose results the sampler of a bracket is shown."""
        assert self._plan is not None, "a sampler is shown results, so a trial is complete"
        return shown_rung(self._plan, place, self._enough)

    def members(self, bracket: int, rung: int) -> Sequence[int]:
        """Returns the trials of a bracket that take part at a rung, once all results of the rung below are there."""
        return self._races[bracket].members[rung]

    @staticmethod
    def _pilot(trials: Trials) -> TrialRecord | None:
        """Returns the first complete trial if all before it have failed."""
        for number in range(len(trials)):
            trial = trials.get(number)
            if trial is None or not trial.state.final:
                return None
            if trial.state is TrialState.COMPLETE:
                return trial
        return None

    def _set_plan(self, full: int) -> None:
        self._plan = self._halving.plan(self._configurations, full, learns=self._brackets_learn)
        self._races = [_Race(self._plan, bracket, self._objectives, self._limits) for bracket in self._plan.brackets]


def shown_rung(plan: HalvingPlan, place: int, enough: int) -> int:
    """Returns the highest rung that enough trials of the brackets before reach; the first one if there is none.

    Source: Falkner, Klein, Hutter, BOHB (ICML 2018). The plan decides, not the results, so it is known in advance.
    """
    reaching = [sum(each.sizes[rung] for each in plan.brackets[:place]) for rung in range(len(plan.rungs))]
    return max((rung for rung, trials in enumerate(reaching) if trials >= enough), default=0)


class _Race:
    """One bracket: the rung that is being decided, and the trials that take part."""

    def __init__(
        self, plan: HalvingPlan, bracket: Bracket, objectives: Sequence[Objective], limits: OutcomeLimits
    ) -> None:
        self._plan = plan
        self._bracket = bracket
        self._objectives = objectives
        self._limits = limits
        self._members = list(bracket.numbers)
        self.members = [list(bracket.numbers)]
        """The trials that take part at each rung, as far as they are decided."""
        self._awaited = list(bracket.numbers)
        self.settled = 0
        """The rungs that all members have reached, or failed on the way to."""

    def is_settled(self, trials: Trials) -> bool:
        """Returns whether all members have reached the rung that is to be decided next."""
        if self.settled > self._plan.top:
            return False
        while self._awaited and self._has_arrived(trials.get(self._awaited[-1])):
            self._awaited.pop()
        return not self._awaited

    def decide(self, trials: Trials) -> list[RungDecision]:
        """Returns the decisions of the rung about the trials that are paused there, and moves to the next rung."""
        rung, plan = self.settled, self._plan
        self.settled += 1
        if rung == plan.top:
            return []
        results = {number: metrics_at(trials[number], rung, plan, self._objectives) for number in self._members}
        order = ranked(results, self._objectives, self._limits)
        goes_on = self._chosen(rung, [number for number in order if results[number] is not None], trials)
        paused = [number for number in self._members if _is_paused(trials[number], rung)]
        decisions = [
            RungDecision(number, number in goes_on, self._reason(rung, order.index(number) + 1, results[number]))
            for number in paused
        ]
        self._members = sorted(goes_on)
        self.members.append(list(self._members))
        self._awaited = list(self._members)
        return decisions

    def certain(self, trials: Trials) -> list[RungDecision]:
        """Returns the promotions that no result to come can change: they need not wait for the rung's last trials.

        With several objectives a new result may move any trial, so that nothing is certain.
        """
        if len(self._objectives) > 1:
            return []
        begun = [trials[number] for number in self._bracket.numbers if number in trials]
        for rung in range(self._plan.top - 1, self.settled - 1, -1):
            if any(_is_paused(trial, rung) for trial in begun):
                sure = self._sure(rung, begun)
                if found := [trial.number for trial in begun if trial.number in sure and _is_paused(trial, rung)]:
                    return [RungDecision(number, True, "") for number in found]
        return []

    def _sure(self, rung: int, begun: Sequence[TrialRecord]) -> set[int]:
        """Returns the trials that are among the best of a rung even if all that are missing will be better."""
        places = self._bracket.sizes[rung + 1]
        if rung == self.settled:
            members = [trial for trial in begun if trial.number in self._members]
        elif any(trial.state is TrialState.COMPLETE and len(trial.pauses) < rung for trial in begun):
            return set()  # it ended before this rung; whether it takes part is decided below
        else:
            members = [trial for trial in begun if trial.rung >= rung]
        results = {trial.number: metrics_at(trial, rung, self._plan, self._objectives) for trial in members}
        there = {number: metrics for number, metrics in results.items() if metrics is not None}
        failed = sum(trial.state.final and results[trial.number] is None for trial in members)
        missing = max(self._bracket.sizes[rung], len(members)) - len(there) - failed
        return set(ranked(there, self._objectives, self._limits)[: places - missing]) if missing < places else set()

    def _chosen(self, rung: int, order: Sequence[int], trials: Trials) -> set[int]:
        """Returns who goes on: those that a journal says were promoted, then the best of the others."""
        promoted = [number for number in order if trials[number].rung > rung]
        others = [number for number in order if trials[number].rung <= rung]
        places = max(0, self._bracket.sizes[rung + 1] - len(promoted))
        return {*promoted, *others[:places]}

    def _reason(self, rung: int, place: int, metrics: Metrics | None) -> str:
        places, members = self._bracket.sizes[rung + 1], len(self._members)
        best = "the best goes on" if places == 1 else f"the best {places} go on"
        broken = broken_text(self._limits, metrics)
        return f"rung {rung + 1} of {len(self._plan.rungs)}: place {place} of {members}, {best}{broken}"

    def _has_arrived(self, trial: TrialRecord | None) -> bool:
        if trial is None:
            return False
        return trial.state.final or trial.rung > self.settled or _is_paused(trial, self.settled)


def _is_paused(trial: TrialRecord | None, rung: int) -> bool:
    return trial is not None and trial.state is TrialState.PAUSED and trial.rung == rung
