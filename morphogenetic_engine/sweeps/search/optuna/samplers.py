"""Optuna's samplers by name: what each can search, its options, and how it is made to depend on the trial alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

import optuna
from optuna.samplers import BaseSampler
from optuna.samplers._lazy_random_state import LazyRandomState
from optuna.trial import FrozenTrial

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.search.optuna.library_options import Options, checked_options, made
from morphogenetic_engine.sweeps.seeds import derived_seed
from morphogenetic_engine.sweeps.space.search_space import Choices, Space


@dataclass(frozen=True)
class SamplerKind:
    """What there is to know of a sampler."""

    sampler: Callable[..., BaseSampler]
    options: Mapping[str, type]
    given: Options = field(default_factory=dict)
    """Options that are set unless the configuration sets them."""
    categorical: bool = True
    """Whether it searches choices, rather than falling back to random ones."""
    conditional: bool = True
    """Whether it searches parameters that are only there under a condition."""
    several_objectives: bool = True
    least_axes: int = 1
    needs: str | None = None
    """A package that it cannot do without."""
    fresh: bool = False
    """It remembers its last suggestion, so each suggestion gets a new one."""
    replayed: bool = False
    """It keeps notes on the trials that it suggested, so a resumed sweep asks it for all of them again."""
    reseeded: bool = True
    """Each suggestion has a seed of its own; otherwise one seed serves for the whole sequence."""


KINDS: Mapping[str, SamplerKind] = {
    "TPE": SamplerKind(
        optuna.samplers.TPESampler,
        {"n_startup_trials": int, "n_ei_candidates": int, "constant_liar": bool, "multivariate": bool, "group": bool},
    ),
    "CmaEs": SamplerKind(
        optuna.samplers.CmaEsSampler,
        {
            "n_startup_trials": int,
            "popsize": int,
            "consider_pruned_trials": bool,
            "use_separable_cma": bool,
            "with_margin": bool,
            "lr_adapt": bool,
        },
        {"warn_independent_sampling": False},
        categorical=False,
        conditional=False,
        several_objectives=False,
        least_axes=2,
        needs="cmaes",
        replayed=True,
    ),
    "Random": SamplerKind(optuna.samplers.RandomSampler, {}, fresh=True),
    "QMC": SamplerKind(
        optuna.samplers.QMCSampler,
        {"qmc_type": str, "scramble": bool},
        {"scramble": True, "warn_independent_sampling": False},
        conditional=False,
        replayed=True,
        reseeded=False,
    ),
    "GP": SamplerKind(
        optuna.samplers.GPSampler,
        {"n_startup_trials": int, "deterministic_objective": bool},
        {"warn_independent_sampling": False},
        conditional=False,
        needs="torch",
        fresh=True,
    ),
    "NSGAII": SamplerKind(
        optuna.samplers.NSGAIISampler,
        {"population_size": int, "mutation_prob": float, "crossover_prob": float, "swapping_prob": float},
        replayed=True,
    ),
}


def sampler_kind(name: str, space: Space, *, several_objectives: bool) -> SamplerKind:
    """Return the sampler of a name if it can search the space.

    Raises:
        ConfigError: it cannot; the message says what to use.
    """
    kind = KINDS[name]
    where = "optimization.sampler"
    choices = [axis for axis, parameter in space.axes.items() if isinstance(parameter, Choices) and parameter.size > 1]
    if choices and not kind.categorical:
        raise ConfigError(
            f"{where}: {name} cannot search choices, but {choices[0]} has them; use TPE, or make it a range"
        )
    if space.conditions and not kind.conditional:
        conditional = next(iter(space.conditions))
        raise ConfigError(f"{where}: {name} cannot search conditions, but {conditional} has one; use TPE")
    if several_objectives and not kind.several_objectives:
        raise ConfigError(f"{where}: {name} takes one objective; use NSGAII or TPE")
    if len(space.axes) < kind.least_axes:
        raise ConfigError(f"{where}: {name} needs {kind.least_axes} searched parameters at least; use TPE")
    if kind.needs is not None and find_spec(kind.needs) is None:
        raise ConfigError(f"{where}: {name} needs {kind.needs}: pip install 'morphogenetic-engine[bayesian,engine]'")
    return kind


def make_sampler(
    name: str,
    kind: SamplerKind,
    seed: int,
    options: Options,
    *,
    conditional: bool,
    source: Sequence[FrozenTrial] = (),
) -> BaseSampler:
    """Return a sampler; CMA-ES learns its first distribution from `source` (Nomura et al., AAAI 2021).

    Raises:
        ConfigError: an option that it does not have, or a value that it does not take.
    """
    checked = checked_options("optimization.sampler_options", name, kind.options, options)
    grouped = {"group": True} if name == "TPE" and conditional else {}
    learnt = {"source_trials": list(source)} if source else {}
    given = {"seed": seed, **kind.given, **grouped, **learnt, **checked}
    return made("optimization.sampler_options", kind.sampler, given)


def reseed(sampler: BaseSampler, seed: int) -> None:
    """Make what the sampler draws next depend on the seed alone.

    Optuna's own `reseed_rng` takes a seed from the system.
    """
    for name, part in sorted(vars(sampler).items()):
        if isinstance(part, LazyRandomState):
            part.rng.seed(derived_seed(seed, name))
        elif isinstance(part, BaseSampler):
            reseed(part, derived_seed(seed, name))
