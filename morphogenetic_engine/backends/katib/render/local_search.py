"""The search part of an Experiment whose trials our own service suggests: those of the local sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from morphogenetic_engine.backends.backend import Unsupported
from morphogenetic_engine.backends.katib.render.algorithms import MANY_POINTS, Algorithm, Search
from morphogenetic_engine.backends.katib.render.places import katib_places
from morphogenetic_engine.backends.katib.render.rung_jobs import katib_trials, rung_plan
from morphogenetic_engine.backends.katib.render.sent_course import check_names, has_rungs
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep, sweep_settings
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of

MOST_TRIALS = 1900
"""With more, etcd rejects the Suggestion, which lists every trial."""


def local_search(config: SweepConfig, parallel: int, earlier: Sequence[TrialRecord]) -> Search:
    """Returns the search part; `config` is settled.

    Raises:
        ConfigError: the service does not give such a sweep the trials of the local one.
    """
    check_servable(config)
    most = most_parallel(config)
    if most is not None and parallel > most:
        raise ConfigError(
            f"execution.max_parallel: must be <= {most}, the optimization.lookahead, but got {parallel}; more trials"
            " at a time would wait for each other"
        )
    trials = katib_places(config, parallel)
    if trials > MOST_TRIALS:
        raise ConfigError(f"optimization.n_trials: must be <= {MOST_TRIALS} on Katib, but got {trials}")
    settings = sweep_settings(SentSweep(config, parallel, earlier))
    return Search(Algorithm.MORPHOGENETIC, trials, settings, unsupported=tuple(_unsupported(config, parallel, trials)))


def check_servable(config: SweepConfig) -> None:
    """Checks that the service can give an Experiment the trials of the local sweep.

    Raises:
        ConfigError: they are not.
    """
    optimization = config.optimization
    if has_rungs(config):
        rung_plan(config)
    check_names(config)
    if config.prunes and not strategy_of(config).has_thresholds:
        raise ConfigError(
            f"optimization.pruner: {optimization.pruner} decides only where the sweep runs; set it to none, or use"
            " Katib's own search with --algorithm katib"
        )


def most_parallel(config: SweepConfig) -> int | None:
    """Returns how many trials may run at a time; None: any number."""
    optimization = config.optimization
    if optimization.strategy in {"halving", "pbt"}:
        return None
    learns = config.rules.sampler or config.prunes or optimization.strategy == "asha"
    follows = learns and optimization.reproducible
    return (optimization.lookahead or 1) if follows else None


def _unsupported(config: SweepConfig, parallel: int, trials: int) -> Iterator[Unsupported]:
    jobs = katib_trials(config)
    if config.sweep_type == "progressive" and trials > jobs:
        yield Unsupported(
            "optimization.rounds",
            f"before each round Katib starts trials that fail at once: {parallel - 1} of them",
        )
    if config.optimization.strategy == "pbt":
        idle = f"; before each generation Katib starts {parallel - 1} more, which fail at once" if parallel > 1 else ""
        yield Unsupported("optimization.strategy", f"members go on from files in the store{idle}")
    if has_rungs(config):
        idle = f"; before each rung {parallel - 1} more, which fail at once" if parallel > 1 else ""
        if config.optimization.strategy == "asha":
            idle = (
                f" at most; where it waits for results and at its end, up to {trials - jobs} more, which fail at once"
            )
        yield Unsupported(
            "optimization.strategy",
            f"each training to a rung is a trial of Katib's: {jobs}{idle}; checkpoints wait in the store",
        )
    if not config.optimization.reproducible:
        yield Unsupported("optimization.reproducible", "points depend on which trial ends first, as in a local sweep")
    if trials > MANY_POINTS:
        yield Unsupported(
            "optimization.n_trials",
            f"{trials} trials are more than Katib's Suggestion holds well (about {MANY_POINTS})",
        )
