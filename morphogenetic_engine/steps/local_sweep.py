"""The component `local_sweep`: a whole sweep inside one pod, on its worker processes, or on worker pods that it starts.

Worker pods share a volume with the step. The sweep runs in a folder there, and is copied to the step's output at its
end.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from morphogenetic_engine.errors import StoreError, SweepError, error_line
from morphogenetic_engine.sinks.destinations import followed
from morphogenetic_engine.steps.configuration import read_parameter, say_what_stays
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept.end_report import report_interruption
from morphogenetic_engine.steps.kept.keeping import kept
from morphogenetic_engine.steps.pipeline_run import PipelineRun
from morphogenetic_engine.steps.saying import say, teller
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs, write_outputs
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder, sweep_folder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep

_SHARED = "pipelines"
"""The folder of a shared volume that holds the sweeps of pipelines."""


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
    folder = _folder(file, run, _shared_folder(file.config) or Path(places.sweep))
    with kept(run.kept, folder, warn=say) as keeper, followed(folder, file.config, warn=say):
        outcome = run_sweep(folder, observers=[teller(file.config), keeper])
    if outcome is Outcome.INTERRUPTED:
        report_interruption(run, folder)
        raise SweepError(f"sweep {run.run_id}: was interrupted; it goes on where it stopped when the task is retried")
    return write_outputs(_in_output(folder, Path(places.sweep)), places)


def _shared_folder(config: SweepConfig) -> Path | None:
    """Returns the folder for sweeps on the volume that worker pods share with this step; None: there are none."""
    pods = config.execution.worker_pods
    if pods is None or not pods.claims:
        return None
    return Path(next(iter(pods.claims.values()))) / _SHARED


def _in_output(folder: SweepFolder, results: Path) -> SweepFolder:
    """Returns a sweep in the step's output; one of a shared volume is copied, and its folder there removed.

    Raises:
        StoreError: it cannot be copied.
    """
    copied = sweep_folder(results, folder.path.name)
    if copied.path == folder.path:
        return folder
    try:
        shutil.copytree(folder.path, copied.path, dirs_exist_ok=True)
        shutil.rmtree(folder.path)
    except (OSError, shutil.Error) as error:
        raise StoreError(f"{folder.path}: cannot be copied to {copied.path}: {error_line(error)}") from error
    return copied


def _folder(file: ConfigFile, run: PipelineRun, results: Path) -> SweepFolder:
    """Returns the folder of a new sweep, or of the sweep that an earlier attempt of the task started."""
    folder = sweep_folder(results, run.run_id)
    if not folder.info.is_file() and run.kept is not None and run.kept.fetch_sweep(folder):
        say(f"sweep {run.run_id}: goes on where an earlier attempt stopped")
    if folder.info.is_file():
        return continue_sweep(run.run_id, results=results, file=file)
    return start_sweep(file, results=results, sweep_id=run.run_id)
