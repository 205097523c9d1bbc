"""The configurations that a comparison names: finds their trials and values, and notes limits of the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.analysis.configurations import Spread, spread_of
from morphogenetic_engine.reports.analysis.evidence import Evidence, evidence_of
from morphogenetic_engine.sweeps.confirm.confirmation import baseline_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value, text


@dataclass(frozen=True)
class Candidate:
    """One configuration that is compared."""

    name: str
    sweep_id: str
    trial: int
    params: Mapping[str, Value]
    """The searched parameters that the trial has."""
    evidence: Evidence
    """The source of its values."""
    spread: Spread
    """The metric over its seeds."""
    one_seed: bool
    """True: evaluated with one seed only, so its value may be luck."""


def find_candidate(results: Mapping[str, SweepResult], name: str) -> tuple[SweepResult, TrialRecord]:
    """Returns the sweep and the trial that a name means: `ID`, `ID:best`, `ID:baseline` or `ID:7`."""
    sweep_id, _, which = name.partition(":")
    result = results[sweep_id]
    if which in ("", "best"):
        trial = result.best
        missing = "has no complete trial"
    elif which == "baseline":
        trial = baseline_of(result)
        missing = "has no baseline; its parameters have no defaults"
    else:
        trial = next((each for each in result.trials if str(each.number) == which), None)
        last = max((each.number for each in result.trials), default=None)
        missing = f"has no trial {which!r}; " + (
            "it has none yet" if last is None else f"its trials are 0 to {last}, best and baseline"
        )
    if trial is None:
        raise ConfigError(f"compare: {name}: sweep {sweep_id} {missing}")
    return result, trial


def evidence_for(
    result: SweepResult, trial: TrialRecord, metric: str, name: str
) -> dict[Evidence, Mapping[int, float]]:
    found = evidence_of(result, trial, metric)
    if not found:
        raise ConfigError(f"compare: {name}: trial {trial.number} is {trial.state} and has no {metric}")
    return found


def candidate_of(
    name: str,
    result: SweepResult,
    trial: TrialRecord,
    found: Mapping[Evidence, Mapping[int, float]],
    kind: Evidence | None,
) -> Candidate:
    """Builds a candidate from values of one kind of evidence: `kind`, or the strongest that it has."""
    chosen = kind if kind is not None else next(iter(found))
    spread = spread_of(list(found[chosen].values()))
    assert spread is not None, "evidence has at least one value"
    searched = {each: trial.params[each] for each in result.config.space.axes if each in trial.params}
    return Candidate(name, result.info.sweep_id, trial.number, searched, chosen, spread, len(spread.values) == 1)


def notes_on(
    candidates: Sequence[Candidate],
    chosen: Sequence[tuple[SweepResult, TrialRecord]],
    known: Sequence[Mapping[Evidence, Mapping[int, float]]],
) -> tuple[str, ...]:
    """Returns notes on the limits of a comparison of these candidates."""
    notes = [
        f"{each.name}: one seed only, and chosen as the best of {len(result.ranked)} trials: part of its value is luck"
        for each, (result, trial) in zip(candidates, chosen, strict=True)
        if each.one_seed and trial is result.best and len(result.ranked) > 1
    ]
    if len({each.evidence for each in candidates}) > 1:
        notes.append(
            "the values come from different sources ("
            + ", ".join(f"{each.name}: {each.evidence}" for each in candidates)
            + "); confirm all of them on fresh seeds"
        )
    for each, (_, trial) in zip(candidates, chosen, strict=True):
        failed = sum(run.state is not TrialState.COMPLETE for run in trial.confirmations.values())
        if failed and each.evidence is Evidence.CONFIRMED:
            runs = len(trial.confirmations)
            notes.append(f"{each.name}: {failed} of {runs} runs with fresh seeds failed; the mean excludes them")
    for each, found in zip(candidates, known, strict=True):
        stronger = next(iter(found))
        if stronger is not each.evidence:
            notes.append(f"{each.name}: has {stronger}, which the others lack; confirm them on fresh seeds")
    if len({result.info.git_commit for result, _ in chosen}) > 1:
        notes.append("the sweeps ran at different commits: a difference may come from the code")
    differing = _differing([result.config.space.fixed for result, _ in chosen])
    if differing:
        notes.append(f"the sweeps differ in fixed parameters too: {', '.join(differing)}")
    return tuple(notes)


def _differing(fixed: Sequence[Mapping[str, Value]]) -> list[str]:
    """Returns the fixed parameters whose values differ."""
    names = dict.fromkeys(name for each in fixed for name in each)
    return [name for name in names if len({text(each[name]) if name in each else None for each in fixed}) > 1]
