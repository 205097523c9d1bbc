"""The component `sweep` of pipelines, on a cluster that answers over HTTP."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.katib_sweep import katib_sweep, run_options
from morphogenetic_engine.steps.pipeline_run import PipelineRun
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs
from morphogenetic_engine.sweeps.config_file import config_from, parse_yaml
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand, KatibOnThisMachine
from tests.backends.katib.client.conftest import SWEEP
from tests.waiting import DEADLINE_SECONDS, until

RUN = "0f3c-run"
FILE = config_from(parse_yaml(SWEEP, where="sweep.yaml"), where="sweep.yaml")
NAME = PipelineRun(RUN, "toy", "").experiment


def swept(results: str = "swept", *, storage: str = "", image: str = "registry/train:1") -> SweepOutputs:
    return katib_sweep(
        FILE.config.canonical_json,
        run=PipelineRun(RUN, "toy", storage),
        workflow="",
        namespace="ml",
        image=image,
        places=Places(results, f"{results}/trials.csv", f"{results}/trials.md"),
    )


def result_of(results: str = "swept") -> SweepResult:
    return read_result(SweepFolder(Path(results) / RUN))


def created(cluster: FakeKubernetes) -> int:
    return sum(request.startswith("POST") and "/experiments" in request for request in cluster.requests)


@pytest.fixture
def by_hand(cluster: FakeKubernetes) -> KatibByHand:
    return KatibByHand(cluster, NAME)


class InThread:
    """The component in a thread: what it returns, or the line that it ends with."""

    def __init__(self, results: str = "swept", storage: str = "") -> None:
        self.outputs: SweepOutputs | None = None
        self.line = ""

        def run() -> None:
            try:
                self.outputs = swept(results, storage=storage)
            except SystemExit as end:
                self.line = str(end.code)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def ends(self) -> None:
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()


@pytest.mark.slow
def test_trials_run_as_jobs_and_the_best_is_handed_on(cluster: FakeKubernetes, workplace: Path) -> None:
    with KatibOnThisMachine(cluster, workplace):
        outputs = swept()
    best = Candidate.model_validate_json(outputs.best)
    result = result_of()
    assert result.best is not None and (best.trial, best.params["x"]) == (result.best.number, result.best.params["x"])
    assert best.seed == result.best.seed and outputs.experiment == NAME
    assert outputs.metrics["trials_complete"] == 3
    with open("swept/trials.csv", encoding="utf-8") as file:
        assert [row["x"] for row in csv.DictReader(file)] == ["0.1", "0.7", "0.3"]


def test_a_task_that_is_retried_finds_its_experiment(
    cluster: FakeKubernetes, by_hand: KatibByHand, workplace: Path
) -> None:
    first = InThread(storage=str(workplace / "store"))
    until(lambda: NAME in cluster.names("experiments"))
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Succeeded", val_acc=0.1, twice=1)
    second = InThread("again", storage=str(workplace / "store"))  # the first pod's node is gone, its process is not
    by_hand.start("b", x="0.7")
    by_hand.end("b", "Succeeded", val_acc=0.7, twice=1)
    by_hand.finish()
    first.ends()
    second.ends()
    assert created(cluster) == 1
    assert first.outputs is not None and first.outputs == second.outputs
    assert Candidate.model_validate_json(first.outputs.best).params["x"] == 0.7
    assert [trial.state for trial in result_of("again").trials] == [trial.state for trial in result_of().trials]


def test_another_sweep_of_the_same_run_is_refused(cluster: FakeKubernetes, by_hand: KatibByHand) -> None:
    running = InThread()
    until(lambda: NAME in cluster.names("experiments"))
    with pytest.raises(SystemExit, match=rf"^sweep: Experiment ml/{NAME}: exists, and was created from another sweep"):
        swept("other", image="registry/train:2")
    by_hand.finish()
    running.ends()


def test_a_failed_experiment_fails_the_task_and_what_ran_is_kept(
    cluster: FakeKubernetes, by_hand: KatibByHand, workplace: Path
) -> None:
    task = InThread(storage=str(workplace / "store"))
    until(lambda: NAME in cluster.names("experiments"))
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Succeeded", val_acc=0.1, twice=1)
    by_hand.start("b", x="0.7")
    by_hand.end("b", "Failed", "Trial has failed. Job reason: BackoffLimitExceeded")
    by_hand.finish("Failed", "ExperimentMaxFailedTrialsReached", "Experiment has reached max failed trial count")
    task.ends()
    assert task.outputs is None
    assert task.line.startswith("sweep: ") and "Experiment has reached max failed trial count" in task.line
    kept = read_result(SweepFolder(workplace / "store" / "sweeps" / RUN))
    assert kept.best is not None and len(kept.trials) == 2


def test_an_experiment_without_a_complete_trial_fails_the_task(cluster: FakeKubernetes, by_hand: KatibByHand) -> None:
    task = InThread()
    until(lambda: NAME in cluster.names("experiments"))
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Failed", "Trial has failed. Job reason: BackoffLimitExceeded")
    by_hand.finish()
    task.ends()
    assert task.line == f"sweep: sweep {RUN}: no trial is complete, so there is no best one"


def test_an_experiment_that_somebody_deletes_fails_the_task(cluster: FakeKubernetes, by_hand: KatibByHand) -> None:
    task = InThread()
    until(lambda: NAME in cluster.names("experiments"))
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Succeeded", val_acc=0.1, twice=1)
    until(lambda: Path("swept", RUN, "journal.jsonl").exists() and len(result_of().trials) == 1)
    cluster.remove("experiments", "ml", NAME)
    task.ends()
    assert task.outputs is None
    assert task.line == f"sweep: Experiment ml/{NAME}: was deleted before it was completed"


def test_trials_that_still_run_at_the_goal_are_ended(cluster: FakeKubernetes, by_hand: KatibByHand) -> None:
    task = InThread()
    until(lambda: NAME in cluster.names("experiments"))
    by_hand.start("a", x="0.1")
    by_hand.start("b", x="0.7")
    by_hand.end("b", "Succeeded", val_acc=0.7, twice=1)
    by_hand.finish(reason="ExperimentGoalReached")
    task.ends()
    assert task.outputs is not None and cluster.names("trials") == ["b"]
    assert task.outputs.metrics["trials_interrupted"] == 1


def test_what_may_not_be_created_is_one_line_and_makes_nothing(cluster: FakeKubernetes, workplace: Path) -> None:
    cluster.forbidden = {("create", "experiments")}
    with pytest.raises(SystemExit, match=r"^sweep: .* may not create Experiment ml/toy-\w{8}: [^\n]*$"):
        swept(storage=str(workplace / "store"))
    assert not (workplace / "swept").exists() and not (workplace / "store").exists()


def test_the_name_follows_from_the_run_and_fits_katib() -> None:
    other = PipelineRun("another", "toy", "").experiment
    assert NAME != other and len(NAME) <= 40


def test_trials_upload_only_where_they_have_credentials() -> None:
    with_secrets = config_from(
        parse_yaml(SWEEP.replace("resources: {", "resources: {secrets: [store], "), where="x"), where="x"
    )
    for file, uploads in ((FILE, False), (with_secrets, True)):
        rendered = render_experiment(file, run_options(file, PipelineRun(RUN, "toy", "s3://sweeps/here/"), image="i"))
        assert ("s3://sweeps/here/trials" in str(rendered.manifest)) is uploads
