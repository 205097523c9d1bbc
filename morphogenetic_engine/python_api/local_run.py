"""Runs the folder of a sweep as the command line does: sent to its sinks, shown, resumable."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from importlib.util import find_spec
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.monitor.display.notebook import without_widget_warning
from morphogenetic_engine.python_api.result import Interrupted, Result, TrialResult
from morphogenetic_engine.sinks.destinations import followed
from morphogenetic_engine.sweeps.config_file import ConfigFile, Overrides
from morphogenetic_engine.sweeps.kinds import recorded_trials
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder, find_sweep, sweep_folder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import Observer, run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep

log = logging.getLogger("morphogenetic_engine")
"""Is told what a sink did not take; the sweep itself goes on."""

SweepLike = Result | str | Path
"""A result, the id of a sweep, or the path of its folder."""


def folder_for(file: ConfigFile, sweep_id: str | None, results: Path) -> SweepFolder:
    """Returns the folder of the sweep of this id, which goes on, or of a new one."""
    with without_widget_warning():
        if sweep_id is not None and sweep_folder(results, sweep_id).info.is_file():
            return continue_sweep(sweep_id, results=results, file=file)
        return start_sweep(file, results=results, sweep_id=sweep_id)


def continued(folder: SweepFolder, overrides: Overrides) -> None:
    """Writes what may change on the way to the folder of a sweep that goes on."""
    with without_widget_warning():
        continue_sweep(folder.sweep_id, results=folder.path.parent, overrides=overrides)


def run_folder(folder: SweepFolder, *, observers: Iterable[Observer] = (), retry_failed: bool = False) -> Outcome:
    """Runs what is left of a sweep, sends it to the sinks that its configuration names, and returns how it ended."""
    with followed(folder, folder.read_info().config, warn=log.warning):
        return run_sweep(folder, observers=observers, retry_failed=retry_failed)


def run_and_read(folder: SweepFolder, *, progress: bool, retry_failed: bool = False) -> Result:
    """Runs what is left of a sweep, shows it meanwhile, and returns all of it.

    Raises:
        Interrupted: a signal stopped it.
    """
    with ExitStack() as stack:
        observers = [stack.enter_context(_shown(folder))] if progress else []
        outcome = run_folder(folder, observers=observers, retry_failed=retry_failed)
    result = Result(folder)
    _write_report(result)
    if outcome is Outcome.INTERRUPTED:
        ended = sum(each.state.final for each in result.trials)
        raise Interrupted(
            f"sweep {result.id} was interrupted after {ended} trials; resume({str(folder.path)!r}) goes on with it",
            result,
        )
    return result


def _shown(folder: SweepFolder) -> AbstractContextManager[Observer]:
    from morphogenetic_engine.monitor.display.progress import SweepProgress  # pylint: disable=import-outside-toplevel
    from morphogenetic_engine.monitor.display.screen import shown  # pylint: disable=import-outside-toplevel

    before = read_result(folder, keep_curves=False)
    return shown(SweepProgress(before, recorded_trials(before.info)), folder.path)


def _write_report(result: Result) -> None:
    """Writes the page that every sweep leaves, where its extra is installed; what goes wrong costs no sweep."""
    if find_spec("jinja2") is None:
        return
    try:
        result.report()
    except Exception as error:  # pylint: disable=broad-exception-caught  # told; the trials are safe already
        log.warning("the report was not written: %s: %s", type(error).__name__, error)


def folder_of(sweep: SweepLike, results: str | Path) -> SweepFolder:
    """Returns the folder of a sweep.

    Raises:
        SweepError: there is no such sweep.
        ConfigError: it is none of a result, an id and a path.
    """
    if isinstance(sweep, Result):
        return SweepFolder(sweep.path)
    if isinstance(sweep, TrialResult) or not isinstance(sweep, str | Path):
        raise ConfigError(f"a sweep must be a result, an id or the path of a folder, but got {sweep!r}")
    path = Path(sweep)
    if isinstance(sweep, Path) or len(path.parts) > 1 or (path / "sweep.json").is_file():
        if not (path / "sweep.json").is_file():
            raise SweepError(f"{path}: is not the folder of a sweep: it has no sweep.json")
        return SweepFolder(path)
    return find_sweep(Path(results), sweep)
