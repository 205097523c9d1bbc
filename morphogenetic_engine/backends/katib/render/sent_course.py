"""The course of a trial, as texts that Katib assigns to it, and as metrics in which the trial reports it.

    trial.thresholds  what its pruner decides about it
    trial.job         the trial and the rung of a halving: `trial 4, rung 1, after <Katib's trial of rung 0>`
    trial.parent      whom a member of a population goes on from: `trial 4 until step 12, seed of trial 1, files of
                      <Katib's trial 4>`

A sweep that searches parameters of a group `trial` called so is refused, so these names are unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.render.search_space import KatibParameter
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.search.pruners.threshold_text import thresholds_of_text, thresholds_text
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds
from morphogenetic_engine.sweeps.single_trial.sent_curve import CURVE_METRIC, STEPS_METRIC

THRESHOLDS, JOB, PARENT = "trial.thresholds", "trial.job", "trial.parent"
NOTHING = "none"
"""The text of a place without a trial."""

_PARENT = re.compile(r"trial (\d+)(?: until step (-?\d+))?, seed of trial (\d+), files of ([a-z0-9.-]+)")
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


@dataclass(frozen=True)
class Parent:
    """The trial that a member of a population goes on from."""

    trial: int
    root: int
    """The first ancestor, whose seed all have that go on from it."""
    until: int | None
    """The last step that it and its ancestors reported; None: they reported none."""
    files: str
    """Katib's name of it, under which its files are in the store."""

    @property
    def text(self) -> str:
        until = "" if self.until is None else f" until step {self.until}"
        return f"trial {self.trial}{until}, seed of trial {self.root}, files of {self.files}"


def has_rungs(config: SweepConfig) -> bool:
    """Returns whether trials pause at rungs, so that Katib runs each training to a rung as a trial."""
    return config.optimization.strategy in {"halving", "asha"}


def sends_curves(config: SweepConfig) -> bool:
    """Returns whether other trials are compared with a trial's reports."""
    return config.prunes or config.optimization.strategy is not None


def course_parameters(config: SweepConfig) -> list[KatibParameter]:
    """Returns the parameters whose values are texts for the trial; the service computes them."""
    is_population = config.optimization.strategy == "pbt"
    names = [THRESHOLDS] * config.prunes + [JOB] * has_rungs(config) + [PARENT] * is_population
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
    for name in (THRESHOLDS, JOB, PARENT):
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


def assigned_parent(assignments: Mapping[str, str]) -> Parent | None:
    """Returns the parent among assignments; None: the trial begins anew.

    Raises:
        ConfigError: it is damaged.
    """
    written = assignments.get(PARENT, NOTHING)
    if written == NOTHING:
        return None
    found = _PARENT.fullmatch(written)
    if found is None:
        raise ConfigError(
            f"{PARENT}: must be like 'trial 4 until step 12, seed of trial 1, files of probe-1a2b3-t0004', but got"
            f" {written!r}"
        )
    until = None if found[2] is None else int(found[2])
    return Parent(int(found[1]), int(found[3]), until, found[4])
