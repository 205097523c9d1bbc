"""How far a trial runs, as texts that Katib assigns to it, and what it reports of this as metrics.

    trial.thresholds  what its pruner decides about it
    trial.job         the trial and the rung of a halving: `trial 4, rung 1, after <Katib's trial of rung 0>`

A sweep that searches parameters of a group `trial` called so is refused, so these names are unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.render.search_space import KatibParameter
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds, thresholds_of_text, thresholds_text
from morphogenetic_engine.sweeps.single_trial.sent_curve import CURVE_METRIC, STEPS_METRIC

THRESHOLDS, JOB = "trial.thresholds", "trial.job"
NOTHING = "none"
"""The text of a place without a trial."""

_JOB = re.compile(r"trial (\d+), rung (\d+)(?:, after ([a-z0-9.-]+))?")


@dataclass(frozen=True)
class Job:
    """The training of a trial to a rung."""

    trial: int
    rung: int
    after: str = ""
    """Katib's name of the trial that trained it to the rung below; empty at the first rung."""

    @property
    def text(self) -> str:
        told = f"trial {self.trial}, rung {self.rung}"
        return f"{told}, after {self.after}" if self.after else told


def sends_curves(config: SweepConfig) -> bool:
    """Returns whether other trials are compared with a trial's reports."""
    return config.prunes or config.optimization.strategy is not None


def course_parameters(config: SweepConfig) -> list[KatibParameter]:
    """Returns the parameters whose values are texts for the trial; the service computes them."""
    names = [THRESHOLDS] * config.prunes + [JOB] * (config.optimization.strategy is not None)
    return [KatibParameter(name, "categorical", {"list": [NOTHING]}) for name in names]


def katib_metrics(config: SweepConfig) -> tuple[str, ...]:
    """Returns the metrics that Katib collects of each trial, the objective first."""
    sent = (STEPS_METRIC, CURVE_METRIC) if sends_curves(config) else ()
    return (*config.optimization.recorded_metrics, *sent)


def check_names(config: SweepConfig) -> None:
    """Checks that no metric or parameter of the sweep has a name that is needed here.

    Raises:
        ConfigError: one has.
    """
    if not sends_curves(config):
        return
    for name in (STEPS_METRIC, CURVE_METRIC):
        if name in config.named_metrics:
            raise ConfigError(f"{name}: trials report it to Katib themselves; call the metric otherwise")
    for name in (THRESHOLDS, JOB):
        if name in config.space.axes:
            raise ConfigError(f"{name}: Katib's trials have a parameter of this name; call yours otherwise")


def thresholds_assigned(thresholds: Thresholds) -> dict[str, str]:
    """Returns the assignment of thresholds."""
    return {THRESHOLDS: thresholds_text(thresholds)}


def assigned_thresholds(assignments: Mapping[str, str]) -> Thresholds | None:
    """Returns the thresholds among assignments; None: there are none.

    Raises:
        ConfigError: they are damaged.
    """
    written = assignments.get(THRESHOLDS)
    return None if written is None else thresholds_of_text(written, THRESHOLDS)


def assigned_job(assignments: Mapping[str, str]) -> Job | None:
    """Returns the job among assignments; None: there is none, or the place has no trial.

    Raises:
        ConfigError: it is damaged.
    """
    written = assignments.get(JOB, NOTHING)
    if written == NOTHING:
        return None
    found = _JOB.fullmatch(written)
    if found is None:
        raise ConfigError(f"{JOB}: must be like 'trial 4, rung 1, after probe-1a2b3-t0004', but got {written!r}")
    return Job(int(found[1]), int(found[2]), found[3] or "")
