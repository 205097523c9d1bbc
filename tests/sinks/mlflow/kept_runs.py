"""The runs of a sweep on a tracking server, read with mlflow's own client."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.sweeps.record.folder import SweepFolder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


@dataclass(frozen=True)
class KeptRun:
    """A run as a server keeps it; `metrics` as (step, time in ms, value) in the order of steps and times."""

    name: str
    status: str
    started: int
    ended: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, list[tuple[int, int, float]]]
    run_id: str = field(compare=False)

    def curve(self, key: str) -> list[tuple[int, float]]:
        return [(step, value) for step, _, value in self.metrics[key]]


@dataclass(frozen=True)
class KeptSweep:
    """A sweep as a server keeps it; the nested runs by name."""

    run: KeptRun
    trials: dict[str, KeptRun]
    nested: int


@dataclass
class Reader:
    """Reads back what was published, with mlflow's own client."""

    uri: str
    client: MlflowClient = field(init=False)

    def __post_init__(self) -> None:
        from mlflow import MlflowClient  # pylint: disable=import-outside-toplevel  # only some tests need it

        self.client = MlflowClient(tracking_uri=self.uri)

    def sweep(self, folder: SweepFolder, experiment: str = "morphogenetic sweeps") -> KeptSweep:
        """Returns the one run of the sweep and its nested runs; fails when the sweep has not exactly one run."""
        found = self.client.get_experiment_by_name(experiment)
        assert found is not None
        ids = [run.info.run_id for run in self._runs(found.experiment_id, "morphogenetic.sweep_id", folder.sweep_id)]
        assert len(ids) == 1, f"{len(ids)} runs of one sweep"
        nested = [self._kept(run.info.run_id) for run in self._runs(found.experiment_id, "mlflow.parentRunId", ids[0])]
        return KeptSweep(self._kept(ids[0]), {run.name: run for run in nested}, len(nested))

    def artifacts(self, run_id: str, folder: str | None = None) -> list[str]:
        return sorted(each.path for each in self.client.list_artifacts(run_id, folder))

    def text(self, run_id: str, artifact: str) -> str:
        return Path(self.client.download_artifacts(run_id, artifact)).read_text(encoding="utf-8")

    def _runs(self, experiment_id: str, tag: str, value: str) -> list[Run]:
        return list(self.client.search_runs([experiment_id], filter_string=f"tags.`{tag}` = '{value}'"))

    def _kept(self, run_id: str) -> KeptRun:
        run = self.client.get_run(run_id)
        metrics = {
            key: sorted((each.step, each.timestamp, each.value) for each in self.client.get_metric_history(run_id, key))
            for key in run.data.metrics
        }
        tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
        info = run.info
        return KeptRun(
            str(info.run_name), info.status, info.start_time, info.end_time, run.data.params, tags, metrics, run_id
        )
