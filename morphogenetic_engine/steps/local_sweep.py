"""The component `local_sweep`: a whole sweep inside one pod, on its worker processes."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sinks.destinations import followed
from morphogenetic_engine.steps.configuration import read_parameter, say_what_stays
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept.end_report import report_interruption
from morphogenetic_engine.steps.kept.keeping import kept
from morphogenetic_engine.steps.pipeline_run import PipelineRun
from morphogenetic_engine.steps.saying import say, teller
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs, write_outputs
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder, sweep_folder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep


@step("local_sweep")
def local_sweep(
    config: str, *, run_id: str, name: str, storage: str, compiled_for: str, places: Places
) -> SweepOutputs:
    """Runs a sweep in a results folder, writes its tables, and returns the other outputs.

    Raises:
        SystemExit: the configuration is wrong, the sweep was interrupted, or no trial is complete; in one line.
    """
    file = read_parameter(config)
    say_what_stays(file.config, compiled_for, say)
    run = PipelineRun(run_id, name, storage)
    folder = _folder(file, run, Path(places.sweep))
    with kept(run.kept, folder, warn=say) as keeper, followed(folder, file.config, warn=say):
        outcome = run_sweep(folder, observers=[teller(file.config), keeper])
    if outcome is Outcome.INTERRUPTED:
        report_interruption(run, folder)
        raise SweepError(f"sweep {run.run_id}: was interrupted; it goes on where it stopped when the task is retried")
    return write_outputs(folder, places)


def _folder(file: ConfigFile, run: PipelineRun, results: Path) -> SweepFolder:
    """Returns the folder of a new sweep, or of the sweep that an earlier attempt of the task started."""
    folder = sweep_folder(results, run.run_id)
    if not folder.info.is_file() and run.kept is not None and run.kept.fetch_sweep(folder):
        say(f"sweep {run.run_id}: goes on where an earlier attempt stopped")
    if folder.info.is_file():
        return continue_sweep(run.run_id, results=results, file=file)
    return start_sweep(file, results=results, sweep_id=run.run_id)
