"""Warm start: gives the results of an earlier sweep to the sampler of a new one.

The results are copied into the new sweep's folder, so that it can be resumed without the earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder, find_sweep, write_whole
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, text

FORMAT = 1
FILE = "warm_start.json"


def warm_start_of(config: SweepConfig, results: Path) -> list[TrialRecord]:
    """Returns the results that a new sweep begins with; none where its configuration names no earlier sweep.

    Raises:
        SweepError: there is no such sweep.
        ConfigError: it searched other parameters, optimised something else, or has no trial inside the new ranges.
    """
    sweep_id = config.optimization.warm_start
    if sweep_id is None:
        return []
    if not config.rules.learns:
        raise ConfigError(f"optimization.warm_start: a {config.sweep_type} sweep does not learn; use bayesian")
    return usable_trials(read_result(find_sweep(results, sweep_id)), config)


def usable_trials(earlier: SweepResult, config: SweepConfig) -> list[TrialRecord]:
    """Returns the complete and pruned trials of a sweep whose parameters lie inside another one's ranges."""
    where = f"optimization.warm_start: sweep {earlier.info.sweep_id}"
    searched, wanted = set(earlier.config.space.axes), set(config.space.axes)
    if searched != wanted:
        raise ConfigError(f"{where} searched {_listed(searched)}, but this sweep searches {_listed(wanted)}")
    if earlier.config.optimization.all_objectives != config.optimization.all_objectives:
        raise ConfigError(f"{where} had another objective than {config.optimization.target_metric}")
    ended = [trial for trial in earlier.trials if trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    usable = [trial for trial in ended if _is_inside(trial.params, config.space)]
    unknown = _unknown_limit(usable, config)
    if unknown is not None:
        raise ConfigError(f"{where} has no {unknown}, which outcome_constraints limit; start without it")
    if not usable:
        raise ConfigError(f"{where} has no trial inside this sweep's ranges")
    return [replace(trial, number=number) for number, trial in enumerate(usable)]


def _unknown_limit(trials: Sequence[TrialRecord], config: SweepConfig) -> str | None:
    """Returns a constrained metric that a complete trial lacks."""
    limits = config.optimization.outcome_constraints
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    return next((metric for metric in limits for trial in complete if metric not in trial.metrics), None)


def write_warm_start(folder: SweepFolder, trials: Sequence[TrialRecord]) -> None:
    """Writes the results into the sweep's folder."""
    write_whole(folder.path / FILE, results_json(trials))


def results_json(trials: Sequence[TrialRecord]) -> bytes:
    """Returns results as JSON, for a sweep that begins with them."""
    kept = [
        {
            "params": trial.params,
            "state": trial.state,
            "metrics": trial.metrics,
            "curve": [[step, metrics] for step, metrics in sorted(trial.curve.items())],
        }
        for trial in trials
    ]
    return orjson.dumps({"format": FORMAT, "trials": kept})


def read_warm_start(folder: SweepFolder) -> list[TrialRecord]:
    """Returns the results that a sweep began with.

    Raises:
        SweepError: the file is damaged or of a newer format.
    """
    path = folder.path / FILE
    try:
        return results_of_json(path.read_bytes(), where=str(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error


def results_of_json(written: bytes, *, where: str) -> list[TrialRecord]:
    """Returns the results that `results_json` wrote.

    Raises:
        SweepError: the text is damaged or of a newer format.
    """
    try:
        found = orjson.loads(written)
        if found["format"] > FORMAT:
            raise SweepError(f"{where}: is of format {found['format']}, but this version reads up to {FORMAT}")
        return [
            TrialRecord(
                number,
                seed=0,
                params=each["params"],
                state=TrialState(each["state"]),
                metrics=each["metrics"],
                curve=dict(each["curve"]),
            )
            for number, each in enumerate(found["trials"])
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise SweepError(f"{where}: is damaged: {error}") from error


def _is_inside(params: Params, space: Space) -> bool:
    try:
        for name in space.axes:
            if name in params:
                space.parse(name, text(params[name]))
    except ConfigError:
        return False
    return space.allows(params)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
