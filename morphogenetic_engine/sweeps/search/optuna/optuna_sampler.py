"""Builds Optuna's samplers, and seeds them for one trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.samplers._lazy_random_state import LazyRandomState
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.search.optuna.library_options import Options, build, checked_options
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler
from morphogenetic_engine.sweeps.space.seeds import derived_seed

Probabilities = Mapping[str, Sequence[float]]
"""For choices that are not all alike in random draws: how likely each value is."""


def build_sampler(
    name: str,
    kind: OptunaSampler,
    seed: int,
    options: Options,
    *,
    conditional: bool,
    source: Sequence[FrozenTrial] = (),
    probabilities: Probabilities | None = None,
) -> BaseSampler:
    """Builds a sampler; one that transfers learns its first distribution from `source`.

    `probabilities` are those of choices, which its random draws follow.

    Raises:
        ConfigError: an unknown option, or an invalid value.
    """
    where = "optimization.sampler_options"
    checked = checked_options(where, name, kind.options, options)
    grouped = kind.given_with_conditions if conditional else {}
    learnt = {"source_trials": list(source)} if source else {}
    sampler: Callable[..., BaseSampler] = getattr(optuna.samplers, kind.library_name)
    built = build(where, sampler, {"seed": seed, **kind.given, **grouped, **learnt, **checked})
    return _weighted(built, probabilities) if probabilities else built


class _WeightedSampler(RandomSampler):
    """Random draws in which choices are as likely as the sweep file says."""

    def __init__(self, drawing: RandomSampler, probabilities: Probabilities) -> None:
        super().__init__()
        self._rng = drawing._rng  # pylint: disable=protected-access
        self._probabilities = probabilities

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> object:
        if param_name in self._probabilities and isinstance(param_distribution, CategoricalDistribution):
            shares = self._probabilities[param_name]
            return param_distribution.choices[int(self._rng.rng.choice(len(shares), p=shares))]
        return super().sample_independent(study, trial, param_name, param_distribution)


def _weighted(sampler: BaseSampler, probabilities: Probabilities) -> BaseSampler:
    """Returns the sampler with weights in its random draws, which are those of its first trials."""
    if isinstance(sampler, RandomSampler):
        return _WeightedSampler(sampler, probabilities)
    for name, part in vars(sampler).items():
        if isinstance(part, RandomSampler):
            setattr(sampler, name, _WeightedSampler(part, probabilities))
    return sampler


def reseed(sampler: BaseSampler, seed: int) -> None:
    """Seeds the sampler, so that its next draws depend on the seed alone.

    Optuna's own `reseed_rng` takes a seed from the system.
    """
    for name, part in sorted(vars(sampler).items()):
        if isinstance(part, LazyRandomState):
            part.rng.seed(derived_seed(seed, name))
        elif isinstance(part, BaseSampler):
            reseed(part, derived_seed(seed, name))
