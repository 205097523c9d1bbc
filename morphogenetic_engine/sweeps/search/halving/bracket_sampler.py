"""The fresh configurations of a halving: from a design, or from a sampler that learns from one bracket for the next."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.kinds import SamplerKind
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.halving_plan import Bracket
from morphogenetic_engine.sweeps.schema.optimization_section import AUTO_RULES
from morphogenetic_engine.sweeps.schema.parameters import Scalar
from morphogenetic_engine.sweeps.schema.search_names import AUTO_SAMPLER, SAMPLERS
from morphogenetic_engine.sweeps.search.bayesian_search import sampler_name
from morphogenetic_engine.sweeps.search.fitting import check_sampler
from morphogenetic_engine.sweeps.search.samplers.auto import auto_choice
from morphogenetic_engine.sweeps.space.seeds import derived_seed
from morphogenetic_engine.sweeps.strategy import Strategy

MOST_JOINT_AXES = 4
"""Parameters up to which the few results of a bracket tell a joint distribution (DECISIONS, 127)."""


def chosen_sampler(config: SweepConfig) -> str:
    """Returns the sampler that learns: the one that the file names, or that `auto` begins with."""
    name = sampler_name(config)
    return auto_choice(config).phases[0].sampler if name == AUTO_SAMPLER and not takes_every_point(config) else name


def takes_every_point(config: SweepConfig) -> bool:
    """Returns whether `auto` takes each point of a small space once, so that nothing is learnt."""
    return sampler_name(config) == AUTO_SAMPLER and not auto_choice(config).phases


def _options(config: SweepConfig, name: str) -> dict[str, Scalar]:
    """Returns the sampler's options in the brackets that learn.

    All trials of a bracket are suggested from the same few results. In a space of many parameters these tell too little
    of a joint distribution, so that TPE suggests copies of the best; one distribution for each combines their values.
    """
    optimization = config.optimization
    given = optimization.sampler_options
    chosen = sampler_name(config) == AUTO_SAMPLER and (optimization.auto_rules or AUTO_RULES) >= 3
    if chosen and name == "TPE" and len(config.space.axes) > MOST_JOINT_AXES and not config.space.conditions:
        return {**given, "multivariate": False}
    return given


def bracket_sampler(config: SweepConfig, place: int, bracket: Bracket, known: Sequence[TrialRecord]) -> Strategy:
    """Returns the sampler of one bracket, whose trials it numbers from 0; it is shown `known` and nothing else."""
    name = sampler_name(config) if place == 0 else chosen_sampler(config)
    size, seed = bracket.sizes[0], config.optimization.seed
    written = config.model_dump(mode="json")
    written["optimization"] |= {
        "strategy": None,
        "halving": {},
        "sampler": name,
        "n_trials": size,
        "lookahead": size,  # no result of this bracket is waited for
        "seed": seed if place == 0 else derived_seed(seed, "bracket", place),
    }
    if place > 0:
        written["optimization"]["sampler_options"] = _options(config, name)
        for parameter in written["parameters"].values():
            parameter["default"] = None  # the baseline is trial 0
    part = parse_config(written, where=f"bracket {place + 1}")
    kind = SAMPLERS.load(name, SamplerKind)
    check_sampler(name, kind, part)
    return kind.make(part, known)
