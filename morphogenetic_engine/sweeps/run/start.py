"""Prepares the folder of a new or a resumed sweep for `run_sweep`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile, Overrides, check_no_passwords, parse_config
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.record.folder import SweepFolder, find_sweep, new_sweep, set_aside, sweep_folder
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.search.registry import fired_rule, strategy_of
from morphogenetic_engine.sweeps.search.warm_start import warm_start_of, write_warm_start

_PRUNED_LOOKAHEAD = 2
"""Trials for each worker that may be ahead of the results, with a pruner; docs/searching.md has the table."""


def start_sweep(file: ConfigFile, *, results: Path, sweep_id: str | None = None) -> SweepFolder:
    """Creates the folder of a new sweep; its lookahead is fixed here.

    Raises:
        ConfigError: the search does not fit the space, the warm start does not fit the sweep, or an address holds a
            password.
        SweepError: the id is no plain name, or taken; or there is no sweep to start from.
        StoreError: the folder cannot be written.
    """
    check_no_passwords(file.config, str(file.path))
    config = _settled(file.config, default_lookahead(file.config, parallel_workers(file.config.execution)))
    with file.named():
        known = warm_start_of(config, results)
        strategy_of(config, known)
    folder = new_sweep(results, sweep_id, file, config, rule=fired_rule(config), trials=total_trials(config))
    if known:
        write_warm_start(folder, known)
    return folder


def continue_sweep(
    sweep_id: str, *, results: Path, file: ConfigFile | None = None, overrides: Overrides | None = None
) -> SweepFolder:
    """Returns the folder of a sweep to resume, after writing the permitted changes to it.

    Execution settings, tracking, the storage, the time budget and the number of trials (the total, not "more") may
    change; nothing that decides what a trial computes may.

    Raises:
        SweepError: no such sweep, another process runs it, or the changes would make it another sweep.
        ConfigError: an override breaks a rule of the schema, or holds a password.
    """
    folder = find_sweep(results, sweep_id)
    if is_locked(folder.journal):
        raise SweepError(f"{folder.path}: is being run by another process")
    info = folder.read_info()
    if info.origin is not None:
        raise SweepError(
            f"{folder.path}: ran on {info.origin.system}; start a new sweep from its results with --from {sweep_id}"
        )
    before = info.config
    where = str(file.path) if file else f"sweep {sweep_id}"
    wanted = file.config if file else before
    config = parse_config(wanted.model_dump(mode="json"), where=where, overrides=overrides)
    check_no_passwords(config, where, before)
    config = _settled(config, before.optimization.lookahead or 1, before)
    if config.identity != before.identity:
        raise SweepError(f"{where}: {_difference(before, config)}; a resumed sweep keeps its search: start a new one")
    if fired_rule(config) != fired_rule(before):
        raise SweepError(
            f"{where}: optimization.n_trials: with {config.optimization.n_trials} trials the sampler auto takes another"
            f" search ({fired_rule(config)}); a resumed sweep keeps its search: start a new one"
        )
    if config != before:
        folder.write_info(info.with_config(config, total_trials(config)))
    return folder


def start_or_continue(file: ConfigFile, *, results: Path, sweep_id: str) -> SweepFolder:
    """Returns the sweep of this id if it is the same search over the same inputs, else a new one in its place.

    What is in its place already keeps everything and gets another id: the old one and when it was made.

    Raises:
        ConfigError: the search does not fit the space, or an input is missing.
        SweepError: the id is no plain name, or another process runs the sweep that has it.
        StoreError: a folder cannot be read or written.
    """
    folder = sweep_folder(results, sweep_id)
    if not folder.info.is_file():
        return start_sweep(file, results=results, sweep_id=sweep_id)
    if _is_same(folder.read_info(), file):
        return continue_sweep(sweep_id, results=results, file=file)
    if is_locked(folder.journal):
        raise SweepError(f"{folder.path}: is being run by another process")
    set_aside(folder)
    return start_sweep(file, results=results, sweep_id=sweep_id)


def _is_same(info: SweepInfo, file: ConfigFile) -> bool:
    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    config = _settled(file.config, info.config.optimization.lookahead or 1, info.config)
    return config.identity == info.config.identity and inputs == info.inputs


def default_lookahead(config: SweepConfig, parallel: int) -> int:
    """Returns the lookahead of a sweep whose file gives none.

    With a pruner, trials end at very different times: twice the number of workers keeps them nearly as busy as a search
    that never waits. One worker never waits.
    """
    return _PRUNED_LOOKAHEAD * parallel if config.prunes and parallel > 1 else parallel


def _settled(config: SweepConfig, lookahead: int, before: SweepConfig | None = None) -> SweepConfig:
    """Returns the configuration with its lookahead, number of trials, brackets and rules of `auto` filled in.

    What the file leaves to the defaults is as in the sweep `before`, which keeps them when it is resumed.
    """
    given, settled = config.optimization, config.settled(lookahead)
    if before is None:
        return settled
    kept: dict[str, object] = {}
    if given.auto_rules is None and given.sampler == before.optimization.sampler:
        kept["auto_rules"] = before.optimization.auto_rules
    if given.n_trials is None and before.optimization.n_trials and config.rules.default_trials is not None:
        kept["n_trials"] = before.optimization.n_trials
    if given.strategy == before.optimization.strategy and given.halving.brackets == "auto":
        kept["halving"] = given.halving.model_copy(update={"brackets": before.optimization.halving.brackets})
    return settled.model_copy(update={"optimization": settled.optimization.model_copy(update=kept)})


def _difference(before: SweepConfig, after: SweepConfig) -> str:
    """Returns the first difference between the searches of two sweeps, in words."""
    old, new = before.identifying, after.identifying
    for key, was, got in _differences(old, new):
        if key == "experiment.workload_source":
            return f"experiment.workload: {_source_difference(str(was), str(got))}"
        return f"{key}: is {was} in this sweep, but got {got}"
    return "parameters: stand in another order than in this sweep"


def _source_difference(was: str, got: str) -> str:
    """Returns the first line in which the sources of two workloads differ, in words."""
    pairs = enumerate(zip_longest(was.splitlines(), got.splitlines(), fillvalue="nothing"), start=1)
    number, one, other = next(((n, one, other) for n, (one, other) in pairs if one != other), (0, "", ""))
    where = f": line {number} is {one.strip()!r} in this sweep, but got {other.strip()!r}" if number else ""
    return f"its source has changed{where}"


def _differences(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    for key in {**old, **new}:
        was, got = old.get(key, "nothing"), new.get(key, "nothing")
        if isinstance(was, dict) and isinstance(got, dict):
            for inner, one, other in _differences(was, got):
                yield f"{key}.{inner}", one, other
        elif was != got:
            yield key, was, got
