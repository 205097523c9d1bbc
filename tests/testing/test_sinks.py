"""The sinks of the package keep the promises of the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from mlflow import MlflowClient

from morphogenetic_engine.sinks.sink import Sink, load_sink
from morphogenetic_engine.testing.sinks import SinkTests
from tests.sinks.studies import journal_file, trials_in

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


class OptunaTests(SinkTests):  # pylint: disable=abstract-method  # each storage has its own address
    def make(self) -> Sink:
        return load_sink("optuna")

    def received(self, address: str, sweep_id: str) -> Mapping[int, str]:
        found = trials_in(address, sweep_id)
        assert [trial.number for trial in found] == list(range(len(found)))
        return {trial.number: STATES[trial.state.name] for trial in found}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
class TestOptunaInSqlite(OptunaTests):
    def address(self, place: Path) -> str:
        return f"sqlite:///{place / 'optuna.db'}"


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
class TestOptunaInJournalFile(OptunaTests):
    def address(self, place: Path) -> str:
        return journal_file(place)


@pytest.mark.slow
# mlflow 3.17 uses a strategy of sqlalchemy that 2.1 deprecates; it shows when mlflow's store is first imported
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")
class TestMlflow(SinkTests):
    def make(self) -> Sink:
        return load_sink("mlflow")

    def address(self, place: Path) -> str:
        return f"sqlite:///{place / 'mlflow.db'}"

    def received(self, address: str, sweep_id: str) -> Mapping[int, str]:
        client = MlflowClient(tracking_uri=address)
        experiment = client.get_experiment_by_name("morphogenetic sweeps")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
        [sweep] = [run for run in runs if run.data.tags.get("morphogenetic.sweep_id") == sweep_id]
        trials = [run.data.tags for run in runs if run.data.tags.get("mlflow.parentRunId") == sweep.info.run_id]
        states = {int(tags["morphogenetic.trial"]): tags["morphogenetic.state"] for tags in trials}
        assert len(states) == len(trials)
        return dict(sorted(states.items()))
