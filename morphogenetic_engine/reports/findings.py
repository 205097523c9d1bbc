"""Builds the findings of a report, five sentences at most: the best, its evidence, importance, space and cost."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.correlation import Correlations, clear_trends
from morphogenetic_engine.reports.analysis.cost import LEAST_SAVED, Cost
from morphogenetic_engine.reports.analysis.edges import EdgeWarning
from morphogenetic_engine.reports.analysis.evidence import Evidence
from morphogenetic_engine.reports.analysis.failed.failures import Failures
from morphogenetic_engine.reports.analysis.overtuning import Overtuning
from morphogenetic_engine.reports.analysis.verdict import BestVerdict
from morphogenetic_engine.reports.importance.importance import Importance
from morphogenetic_engine.reports.stats.comparison import Comparison, Verdict
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Params

_MOST_PARAMETERS = 12
"""The number of parameters of the best configuration that are named."""


def findings_of(
    result: SweepResult,
    *,
    verdict: BestVerdict | None,
    overtuning: Overtuning | None,
    importance: Sequence[Importance],
    correlations: Correlations,
    edges: Sequence[EdgeWarning],
    failures: Failures,
    cost: Cost,
) -> tuple[str, ...]:
    """Returns up to five lines; a line says so where its evidence is missing."""
    lines = [
        _best_line(result, [each.parameter for found in importance[:1] for each in found.parameters]),
        f"{_verdict_line(result, verdict, overtuning)}{_lost_seeds(overtuning)}",
        _importance_line(importance, correlations),
        _space_line(edges, failures),
        _cost_line(result, cost),
    ]
    return tuple(line for line in lines if line)


def duration(seconds: float) -> str:
    """Returns a duration for people: 3 ms, 0.8 s, 12 s, 5 min 10 s, 3 h 20 min, 2 d 4 h."""
    if seconds < 0.05:
        return f"{1000 * seconds:.2g} ms" if seconds >= 0.00005 else "0 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _best_line(result: SweepResult, order: Sequence[str]) -> str:
    optimization, best = result.config.optimization, result.best
    if best is None and result.ruling_out:
        return f"{result.ruling_out[0].upper()}{result.ruling_out[1:]}."
    if best is None:
        return "No trial is complete, so there is no best."
    aim = "highest" if optimization.direction.better(1.0, 0.0) else "lowest"
    value = best.metrics[optimization.target_metric]
    equals = sum(trial.metrics[optimization.target_metric] == value for trial in result.ranked) - 1
    shared = f" (shared with {equals} other{'s' if equals > 1 else ''})" if equals else ""
    where = _where(result, best.params, order)
    count = len(result.ranked)
    among = f"the {aim} of {count} {result.rankable} trials" if count > 1 else f"of the only {result.rankable} trial"
    return (
        f"Best: trial {best.number} with {optimization.target_metric} {shown(value)}, {among}"
        f"{shared}{f', at {where}' if where else ''}.{_front(result)}"
        f"{f' O{result.ruling_out[1:]}.' if result.ruling_out else ''}"
    )


def _where(result: SweepResult, params: Params, order: Sequence[str]) -> str:
    """Describes a configuration by its most important parameters, in the order of the sweep file."""
    searched = [name for name in result.config.space.axes if name in params]
    important = [name for name in dict.fromkeys([*order, *searched]) if name in searched][:_MOST_PARAMETERS]
    said = result.config.space.describe({name: params[name] for name in searched if name in important})
    more = len(searched) - len(important)
    return f"{said} and {more} more parameter{'s' if more > 1 else ''}" if more else said


def _front(result: SweepResult) -> str:
    """Returns a sentence on the Pareto front; empty for a single objective."""
    objectives = result.config.optimization.all_objectives
    if len(objectives) < 2:
        return ""
    count, names = len(result.pareto_front), " and ".join(each.metric for each in objectives)
    if count == 1:
        return f" It is the best by {names} alike."
    return f" By {names} together no other trial beats {count} of them, the Pareto front."


def _verdict_line(result: SweepResult, verdict: BestVerdict | None, overtuning: Overtuning | None) -> str:
    if verdict is None:
        return ""
    compared = verdict.against_baseline or verdict.against_runner_up
    if verdict.evidence is Evidence.ONE_SEED:
        candidates = overtuning.candidates if overtuning else 1
        if candidates < 2:
            return "Not tested: there is nothing to compare it with."
        return (
            f"Not tested: one seed only, chosen from {candidates} trials, so part of the lead is luck;"
            " `sweep confirm` runs it on fresh seeds."
        )
    if compared is None:
        return f"Not tested: {verdict.evidence} of one configuration only."
    rival = f"the baseline (trial {verdict.baseline})" if verdict.against_baseline else f"trial {verdict.runner_up}"
    other = result.best is not None and verdict.trial != result.best.number
    lead = f"Over several seeds trial {verdict.trial} comes first. " if other else ""
    more = (Evidence.CONFIRMED, Evidence.REPLICATES)
    advice = " `sweep confirm` adds fresh ones." if verdict.evidence in more and _too_few(compared) else ""
    return f"{lead}{_comparison_sentence(compared, verdict.trial, rival)}, by {verdict.evidence}.{advice}"


def _too_few(compared: Comparison) -> bool:
    return compared.verdict in (Verdict.NOT_ENOUGH_SEEDS, Verdict.ONE_SEED)


def _comparison_sentence(compared: Comparison, best: int, rival: str) -> str:
    seeds = f"{compared.seeds} {'pairs' if compared.paired else 'seeds each'}"
    difference = f"{compared.difference:+.4g}"
    match compared.verdict:
        case Verdict.BETTER:
            return f"Trial {best} is better than {rival}: {difference} (p = {compared.corrected_p:.2g}, {seeds})"
        case Verdict.WORSE:
            return f"Trial {best} is worse than {rival}: {difference} (p = {compared.corrected_p:.2g}, {seeds})"
        case Verdict.NOT_ENOUGH_SEEDS | Verdict.ONE_SEED:
            least = f"{compared.smallest_p:.2g}"
            return f"Not enough seeds to distinguish trial {best} from {rival}: {seeds}, smallest possible p {least}"
        case _:
            return f"No difference shown between trial {best} and {rival} (p = {compared.corrected_p:.2g}, {seeds})"


def _lost_seeds(overtuning: Overtuning | None) -> str:
    """Returns a sentence on fresh-seed runs that failed and are missing from the means."""
    lost = overtuning.lost_seeds if overtuning else ()
    said = [f"{each.failed} of {each.runs} runs of trial {each.trial}" for each in lost[:3]]
    return f" On fresh seeds {', '.join(said)} failed; the means exclude them." if said else ""


def _importance_line(importance: Sequence[Importance], correlations: Correlations) -> str:
    if not importance:
        return ""
    first = importance[0]
    if first.withheld:
        return f"Parameter importance is not known: {first.withheld}."
    clear = [each for each in first.parameters if each.clear]
    if not clear:
        return (
            f"No parameter is more important than chance explains ({first.method}, {first.trials}"
            f" trials){_trends(correlations)}."
        )
    named = ", ".join(f"{each.parameter} ({each.share:.0%})" for each in clear[:3])
    return f"Most important for {first.objective}: {named}, by {first.method}."


def _trends(correlations: Correlations) -> str:
    """Returns the parameters that correlate with the objective: this takes fewer trials to detect than importance."""
    trends = clear_trends(correlations)[:2]
    said = ", ".join(f"{each.one} (rank correlation {each.rank:+.2f})" for each in trends)
    return f", but {correlations.metrics[0]} correlates with {said}" if said else ""


def _space_line(edges: Sequence[EdgeWarning], failures: Failures) -> str:
    parts = []
    for edge in edges[:2]:
        place = f"{edge.parameter} is best at its {edge.side} end ({shown(edge.bound)})"
        parts.append(place if edge.advised is None else f"{place}: widen it")
    if failures.failed:
        where = [
            f", {f'by {each.reason}' if each.reason else 'most'} where {each.region.parameter} is {each.region.label}"
            for each in failures.regions[:2]
        ]
        trials = "trial" if failures.ended == 1 else "trials"
        parts.append(f"{failures.failed} of {failures.ended} {trials} failed{''.join(where)}")
    return f"{'; '.join(parts)}." if parts else ""


def _cost_line(result: SweepResult, cost: Cost) -> str:
    counts = ", ".join(f"{count} {state}" for state in TrialState if (count := result.counts[state]))
    spent = f"{duration(cost.wall_seconds)} on the clock, {duration(cost.trial_seconds)} of trials"
    if cost.together is not None:
        spent += f" (up to {cost.together.most} at once in a worker, {cost.together.average:.1f} on average)"
    busy = "" if cost.utilisation is None else f", workers busy {cost.utilisation:.0%}"
    savings = {"pruning": cost.pruning.seconds if cost.pruning else 0.0, "fusing": cost.fusing_saved or 0.0}
    saved = "".join(f"; {by} saved about {duration(each)}" for by, each in savings.items() if each >= LEAST_SAVED)
    price = "" if cost.price is None else f"; price {cost.price:.{2 if cost.price >= 1 else 4}f}"
    return f"Spent: {spent}{busy}{saved}{price} ({counts or 'no trial'})."
