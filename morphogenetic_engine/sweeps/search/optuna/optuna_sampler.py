"""Builds Optuna's samplers, and seeds them for one trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import optuna
from optuna.samplers import BaseSampler
from optuna.samplers._lazy_random_state import LazyRandomState
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.search.optuna.library_options import Options, build, checked_options
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler
from morphogenetic_engine.sweeps.space.seeds import derived_seed


def build_sampler(
    name: str,
    kind: OptunaSampler,
    seed: int,
    options: Options,
    *,
    conditional: bool,
    source: Sequence[FrozenTrial] = (),
) -> BaseSampler:
    """Builds a sampler; one that transfers learns its first distribution from `source`.

    Raises:
        ConfigError: an unknown option, or an invalid value.
    """
    where = "optimization.sampler_options"
    checked = checked_options(where, name, kind.options, options)
    grouped = kind.given_with_conditions if conditional else {}
    learnt = {"source_trials": list(source)} if source else {}
    sampler: Callable[..., BaseSampler] = getattr(optuna.samplers, kind.library_name)
    return build(where, sampler, {"seed": seed, **kind.given, **grouped, **learnt, **checked})


def reseed(sampler: BaseSampler, seed: int) -> None:
    """Seeds the sampler, so that its next draws depend on the seed alone.

    Optuna's own `reseed_rng` takes a seed from the system.
    """
    for name, part in sorted(vars(sampler).items()):
        if isinstance(part, LazyRandomState):
            part.rng.seed(derived_seed(seed, name))
        elif isinstance(part, BaseSampler):
            reseed(part, derived_seed(seed, name))
