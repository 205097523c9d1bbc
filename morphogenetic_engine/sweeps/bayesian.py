"""A bayesian sweep from Python: one call runs it, or goes on with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.python_api.local_run import run_folder
from morphogenetic_engine.python_api.optuna_study import study_at
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from, read_config
from morphogenetic_engine.sweeps.record.folder import sweep_folder
from morphogenetic_engine.sweeps.record.project_folder import start_folder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep
from morphogenetic_engine.sweeps.schema.storage_address import absolute_storage, checked_storage

if TYPE_CHECKING:
    import optuna

RESULTS = Path("results/sweeps")


class OptunaSweepRunner:
    """Runs a bayesian sweep, and shows it in an Optuna storage of yours where one is given.

        runner = OptunaSweepRunner("my-sweep", storage_url="sqlite:///sweeps.db")
        result = runner.run_sweep("sweep.yaml", n_trials=50)
        print(result.best)
        optuna.visualization.plot_optimization_history(runner.study)

    The sweep's folder is the truth; what the storage or MLflow did not take is one warning in the log
    `morphogenetic_engine`, and `morphogenetic sweep publish` sends it later. `morphogenetic_engine.sweep` runs sweeps
    of every kind.
    """

    def __init__(self, study_name: str, storage_url: str | None = None) -> None:
        self._sweep_id = study_name
        self._given = None if storage_url is None else checked_storage(storage_url)
        self._address = None if self._given is None else absolute_storage(self._given, Path.cwd())

    @property
    def study(self) -> optuna.Study | None:
        """The sweep as the storage shows it; None: there is no storage.

        Raises:
            StoreError: the storage cannot be reached, or has no such study yet.
        """
        if self._address is None:
            return None
        return study_at(self._address, self._sweep_id)

    def run_sweep(
        self,
        config: SweepConfig | Mapping[str, object] | Path | str,
        n_trials: int | None = None,
        timeout: float | None = None,
        results: Path = RESULTS,
    ) -> SweepResult:
        """Runs the sweep of a configuration, of what a sweep file would hold, or of a file, and returns all of it.

        A sweep of this name and configuration goes on where it stopped. `n_trials` is the number of trials in all, and
        `timeout` the seconds after which none starts; both take the place of the configuration's.

        Raises:
            ConfigError: the configuration breaks a rule, or does not fit the workload.
            WorkloadError: the workload cannot be loaded.
            SweepError: there is a sweep of this name with another configuration, or another process runs it.
            StoreError: the sweep's folder cannot be written.
        """
        given = {"n_trials": n_trials, "timeout": timeout, "storage": self._given}
        overrides = {f"optimization.{name}": value for name, value in given.items() if value is not None}
        file = _file(config, {**overrides, "sweep_type": "bayesian"}, where=f"sweep {self._sweep_id}")
        if sweep_folder(results, self._sweep_id).info.is_file():
            folder = continue_sweep(self._sweep_id, results=results, file=file)
        else:
            folder = start_sweep(file, results=results, sweep_id=self._sweep_id)
        storage = file.config.optimization.storage
        if storage is not None:
            self._address = absolute_storage(storage, start_folder(folder.read_info()))
        run_folder(folder)
        return read_result(folder)


def _file(
    config: SweepConfig | Mapping[str, object] | Path | str, overrides: Mapping[str, object], *, where: str
) -> ConfigFile:
    if isinstance(config, (str, Path)):
        return read_config(Path(config), overrides)
    written = config.model_dump(mode="json") if isinstance(config, SweepConfig) else config
    return config_from(written, where=where, overrides=overrides)
