"""The exit task of a pipeline, on a cluster that answers over HTTP: it collects and ends the Experiment of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.render.experiment import RenderedExperiment, render_experiment
from morphogenetic_engine.steps.failure_report import failure_report
from morphogenetic_engine.steps.katib_sweep import run_options
from morphogenetic_engine.steps.pipeline_run import RUN_LABEL, PipelineRun, RunEnd
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.test_sweep_component import FILE, NAME, RUN


@pytest.fixture
def store(workplace: Path) -> str:
    return str(workplace / "store")


@pytest.fixture
def running(cluster: FakeKubernetes, store: str) -> KatibByHand:
    """A sweep of which one trial has ended, and another one runs; the pod that watched it is gone."""
    by_hand = KatibByHand(cluster, NAME)
    cluster.put("experiments", "ml", dict(experiment_of(store).manifest))
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Succeeded", val_acc=0.1, twice=1)
    by_hand.start("b", x="0.7")
    return by_hand


def experiment_of(store: str) -> RenderedExperiment:
    options = run_options(FILE, PipelineRun(RUN, "toy", store), image="registry/train:1")
    return render_experiment(FILE, replace(options, namespace="ml"))


def ended(state: str, store: str, namespace: str | None = "ml") -> str:
    end = RunEnd(PipelineRun(RUN, "toy", store), state, "")
    return failure_report(end, namespace=namespace, page="out/page.html")


def kept(store: str) -> SweepResult:
    return read_result(SweepFolder(Path(store) / "sweeps" / RUN))


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("state", ["FAILED", "RUNNING"])
def test_an_experiment_that_a_run_leaves_is_collected_and_ended(
    cluster: FakeKubernetes, store: str, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ended(state, store)
    assert cluster.names("experiments") == [] and cluster.names("trials") == []
    result = kept(store)
    assert {trial.params["x"]: trial.state for trial in result.trials} == {
        0.1: TrialState.COMPLETE,
        0.7: TrialState.INTERRUPTED,
    }
    assert result.outcome is Outcome.INTERRUPTED
    page = Path(address).read_text(encoding="utf-8")
    assert 'id="ending"' in page and 'id="best"' in page
    assert f"Experiment ml/{NAME}: deleted, 1 trials that still ran were ended" in capsys.readouterr().out


@pytest.mark.usefixtures("running")
def test_after_a_success_nothing_is_asked_of_the_cluster(cluster: FakeKubernetes, store: str) -> None:
    cluster.requests.clear()
    assert ended("COMPLETE", store) == ""
    assert cluster.names("experiments") == [NAME]
    assert not any(request.startswith("DELETE") for request in cluster.requests)


def test_an_experiment_that_is_done_stays(cluster: FakeKubernetes, running: KatibByHand, store: str) -> None:
    running.end("b", "Succeeded", val_acc=0.7, twice=1)
    running.finish()
    ended("FAILED", store)
    assert cluster.names("experiments") == [NAME]


def test_a_run_that_failed_before_its_experiment_is_reported(
    cluster: FakeKubernetes, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ended("FAILED", store)
    assert "No sweep was kept" in Path(address).read_text(encoding="utf-8")
    assert f"there is no Experiment {NAME}" in capsys.readouterr().out
    assert cluster.names("experiments") == []


@pytest.mark.usefixtures("running")
def test_a_cluster_that_refuses_is_said_with_the_command_that_ends_the_experiment(
    cluster: FakeKubernetes, store: str
) -> None:
    cluster.forbidden = {("delete", "experiments")}
    with pytest.raises(SystemExit) as caught:
        ended("FAILED", store)
    assert f"Experiment {NAME} may still run: kubectl --namespace ml delete experiment {NAME}" in str(caught.value)
    assert (Path(store) / "reports" / RUN / "index.html").is_file() and Path("out/page.html").is_file()


@pytest.mark.usefixtures("running")
def test_a_kept_sweep_that_is_damaged_does_not_keep_the_experiment_running(cluster: FakeKubernetes, store: str) -> None:
    folder = Path(store) / "sweeps" / RUN
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sweep.json").write_text("{}", encoding="utf-8")
    ended("FAILED", store)
    assert cluster.names("experiments") == []


def test_the_experiment_names_its_run(store: str) -> None:
    metadata = experiment_of(store).manifest["metadata"]
    assert isinstance(metadata, dict) and metadata["labels"][RUN_LABEL] == metadata["annotations"][RUN_LABEL] == RUN
