"""The values of a sweep that are compared from night to night, several for each metric, so that they can be tested.

- The objectives: of the configuration that the search found best, on the fresh seeds of `sweep confirm`. The search did
  not use these values, so they carry no selection bias.
- `training_seconds`: how long each of these runs took.
- `trials_per_hour`: the pace of the search, in blocks of consecutive trials.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.confirm.confirmation import check_seed_is_free
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction

TRAINING_SECONDS = "training_seconds"
TRIALS_PER_HOUR = "trials_per_hour"
BLOCKS = 8
"""The number of blocks in which the pace of a search is measured."""
_SMALLEST_BLOCK = 2


class Measured(BaseModel):
    """One metric of one sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    direction: Direction
    values: tuple[float, ...]
    wall_clock: bool = False
    """True: the value depends on the machine."""


class Measurements(BaseModel):
    """The measurements of one sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trial: int
    """The best trial of the search."""
    params: dict[str, bool | int | float | str]
    """Its searched parameters."""
    seeds: tuple[str, ...]
    """The fresh seeds, as text: they may exceed the integers that other JSON parsers represent exactly."""
    failed: int = 0
    """Further runs with fresh seeds, which failed and have no value."""
    metrics: tuple[Measured, ...]


def measure(result: SweepResult) -> Measurements:
    """Returns the measurements of a sweep that was confirmed.

    Raises:
        SweepError: the best configuration of the sweep has no run with a fresh seed.
        ConfigError: a parameter fixes the seed, so there can be no fresh seeds.
    """
    sweep = f"sweep {result.info.sweep_id}"
    check_seed_is_free(result.config, sweep)
    trial = _best_confirmed(result)
    if trial is None:
        command = f"morphogenetic sweep confirm --sweep-id {result.info.sweep_id} --seeds 8"
        raise SweepError(f"{sweep}: its best configuration was not run with fresh seeds; run `{command}`")
    runs = _complete(trial)
    objectives = [
        Measured(
            metric=each.metric,
            direction=each.direction,
            values=tuple(run.metrics[each.metric] for run in runs),
        )
        for each in result.config.optimization.all_objectives
    ]
    seconds = Measured(
        metric=TRAINING_SECONDS,
        direction=Direction.MINIMIZE,
        values=tuple(run.duration for run in runs),
        wall_clock=True,
    )
    pace = Measured(metric=TRIALS_PER_HOUR, direction=Direction.MAXIMIZE, values=_paces(result), wall_clock=True)
    return Measurements(
        trial=trial.number,
        params={name: trial.params[name] for name in result.config.space.axes if name in trial.params},
        seeds=tuple(str(run.seed) for run in runs),
        failed=len(trial.confirmations) - len(runs),
        metrics=(*objectives, seconds, pace),
    )


def _best_confirmed(result: SweepResult) -> TrialRecord | None:
    """Returns the trial that the search ranked best, or the confirmed trial of the same configuration."""
    if not result.ranked:
        return None
    best = result.ranked[0]
    same = [trial for trial in result.ranked if trial.params == best.params and _complete(trial)]
    return same[0] if same else None


def _complete(trial: TrialRecord) -> list[Confirmation]:
    runs = (trial.confirmations[index] for index in sorted(trial.confirmations))
    return [run for run in runs if run.state is TrialState.COMPLETE]


def _paces(result: SweepResult) -> tuple[float, ...]:
    """Returns the trials per hour in blocks of consecutive ends; none where there was more than one session.

    The pauses between the sessions of a resumed sweep would distort the pace.
    """
    if len(result.sessions) != 1:
        return ()
    ends = sorted(trial.started + trial.duration for trial in result.trials if trial.state.final)
    size = len(ends) // BLOCKS
    if size < _SMALLEST_BLOCK:
        return ()
    borders = [result.sessions[0].time, *ends[size - 1 :: size][:BLOCKS]]
    return tuple(3600 * size / (later - earlier) for earlier, later in _neighbours(borders) if later > earlier)


def _neighbours(values: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(values, values[1:], strict=False))
