"""Parameter importance: PED-ANOVA, and fANOVA through Optuna, with intervals and a noise level.

PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023) measures how far a parameter decides whether a trial is among the
best; fANOVA (Hutter, Hoos and Leyton-Brown, ICML 2014) the share of the objective's variance that a parameter explains,
or of the variance of the trials' places where a halving trained them to different lengths.
Both give numbers for pure noise, too. The interval comes from resampling the trials, and the noise level from trials
with shuffled objectives.
"""

# Optuna's importance takes a second to import.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from morphogenetic_engine.reports.importance.compared import Compared, ReachedRung, compared
from morphogenetic_engine.reports.importance.ped_anova import PedAnova, Places
from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Objective

Method = Literal["PED-ANOVA", "fANOVA"]

FEWEST_TRIALS = 20
"""The minimum of complete trials for an estimate."""
TOP_TRIALS = 5
"""The minimum of trials among the best for PED-ANOVA, from Optuna's documentation."""
RESAMPLES = {"PED-ANOVA": 40, "fANOVA": 20}
MOST_TRIALS = {"PED-ANOVA": 300, "fANOVA": 200}
"""The size of a resample, which limits the time. The spread of smaller resamples is scaled to that of all trials (m out
of n bootstrap); the noise level, which falls with the number of trials, is not scaled and thus conservative."""
_TREES = 16


@dataclass(frozen=True)
class ParameterImportance:
    """One parameter; the shares of all add up to 1."""

    parameter: str
    share: float
    low: float
    """The 90 % interval of the share, from resampled trials."""
    high: float
    noise: float
    """The noise level: where no parameter matters, any of them exceeds its level in one sweep of twenty."""

    @property
    def clear(self) -> bool:
        """True if the share is above the noise level."""
        return self.share > self.noise


@dataclass(frozen=True)
class Importance:
    """The importance of the parameters for one objective, by one method."""

    method: Method
    objective: str
    trials: int
    """The number of trials that are compared: complete ones and, of a halving, those that it stopped."""
    parameters: tuple[ParameterImportance, ...]
    """The most important first; empty where there is no estimate."""
    left_out: tuple[str, ...]
    """Parameters that the method cannot judge: the same in all trials or, for fANOVA, not in all of them."""
    withheld: str | None = None
    """The reason why there is no estimate; None: there is one."""
    rungs: tuple[ReachedRung, ...] = ()
    """The rungs at which the trials of a halving were compared; empty: all by their final results."""

    @property
    def basis(self) -> str:
        """Describes the comparison of a halving's trials; "": by their final results."""
        if not self.rungs:
            return ""
        counts = ", ".join(f"{each.trials:,} after {each.reports:,}" for each in self.rungs)
        return f"by the rung that each reached, then by {self.objective} there (reports): {counts}"


def importance_of(result: SweepResult, objective: Objective, method: Method) -> Importance:
    """Returns the importance of the searched parameters for one objective; the result is deterministic."""
    found = compared(result, objective)
    trials = found.trials
    varying = [name for name in result.config.space.axes if _varies(name, trials)]
    judged = [name for name in varying if method == "PED-ANOVA" or all(name in trial.params for trial in trials)]
    left_out = tuple(name for name in result.config.space.axes if name not in judged)
    withheld = _withheld(found, judged, objective)
    shares: tuple[ParameterImportance, ...] = ()
    if withheld is None:
        try:
            shares = _shares(result, found, judged, method)
        except ImportError as error:  # Optuna's own ImportError, which names no module, is about scikit-learn
            withheld = f"needs {error.name or 'scikit-learn'}: pip install 'morphogenetic-engine[reports]'"
    return Importance(method, objective.metric, len(trials), shares, left_out, withheld, found.rungs)


def _varies(name: str, trials: Iterable[TrialRecord]) -> bool:
    return len({(type(value), value) for trial in trials if (value := trial.params.get(name)) is not None}) > 1


def _withheld(found: Compared, judged: Sequence[str], objective: Objective) -> str | None:
    if len(found.trials) < FEWEST_TRIALS:
        count = f"{len(found.trials)} {'is' if len(found.trials) == 1 else 'are'}"
        ended = "complete or stopped at a rung" if found.rungs else "complete"
        return f"too few trials: {count} {ended}, {FEWEST_TRIALS} are needed"
    if not judged:
        return "no parameter has two values"
    if len(set(found.losses)) == 1:
        return f"{objective.metric} is the same in all trials"
    return None


class _Shares(Protocol):
    def of(self, places: Places, loss_N: Floats) -> Floats:
        """Returns the shares in the trials at `places`; not normalized."""


def _shares(
    result: SweepResult, found: Compared, judged: Sequence[str], method: Method
) -> tuple[ParameterImportance, ...]:
    seed, count = result.config.optimization.seed, len(found.trials)
    random = np.random.default_rng(seed)
    loss_N = np.array(found.losses)
    size = min(count, MOST_TRIALS[method])
    shares = _judge(result, found.trials, judged, method, size)
    whole_N = np.arange(count) if method == "PED-ANOVA" else random.permutation(count)[: 5 * size]
    whole_P = shares.of(whole_N, loss_N)
    resampled_RP, shuffled_RP = [], []
    for _ in range(RESAMPLES[method]):
        resampled_RP.append(shares.of(random.integers(count, size=size), loss_N))
        drawn = random.permutation(count)[:size]
        shuffled_RP.append(shares.of(drawn, random.permutation(loss_N)))
    return _with_intervals(judged, whole_P, np.array(resampled_RP), np.array(shuffled_RP), math.sqrt(size / count))


def _judge(
    result: SweepResult, trials: Sequence[TrialRecord], judged: Sequence[str], method: Method, size: int
) -> _Shares:
    if method == "PED-ANOVA":
        return PedAnova(judged, trials, result.config.space, top_share=max(0.1, TOP_TRIALS / size))
    from morphogenetic_engine.reports.importance.optuna_importance import Fanova

    return Fanova(judged, trials, result.config.space, trees=_TREES, seed=result.config.optimization.seed)


def _with_intervals(
    names: Sequence[str], whole_P: Floats, resampled_RP: Floats, shuffled_RP: Floats, scale: float
) -> tuple[ParameterImportance, ...]:
    total = whole_P.sum()
    share_P = _normalized(whole_P)
    shares_RP = _normalized(resampled_RP)
    spread_RP = (shares_RP - shares_RP.mean(axis=0)) * scale
    low_P, high_P = np.clip(share_P + np.quantile(spread_RP, [0.05, 0.95], axis=0), 0, 1)
    noise_P = _noise(shuffled_RP) / total if total > 0 else np.ones_like(whole_P)
    found = [
        ParameterImportance(name, share, min(low, share), max(high, share), noise)
        for name, share, low, high, noise in zip(
            names, share_P.tolist(), low_P.tolist(), high_P.tolist(), noise_P.tolist(), strict=True
        )
    ]
    return tuple(sorted(found, key=lambda each: -each.share))


def _noise(shuffled_RP: Floats) -> Floats:
    """Returns the levels that any parameter exceeds in one shuffle of twenty, a bound over all parameters together."""
    alone_P = np.quantile(shuffled_RP, 0.95, axis=0)
    relative_RP = np.divide(shuffled_RP, alone_P, out=np.zeros_like(shuffled_RP), where=alone_P > 0)
    level: Floats = alone_P * max(1.0, float(np.quantile(relative_RP.max(axis=1), 0.95)))
    return level


def _normalized(shares: Floats) -> Floats:
    total = shares.sum(axis=-1, keepdims=True)
    normalized: Floats = np.divide(shares, total, out=np.full_like(shares, 1 / shares.shape[-1]), where=total > 0)
    return normalized
