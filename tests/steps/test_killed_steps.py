"""Each step of a pipeline is ended in the middle of what it does, and started again with the same inputs.

The steps are real programs, the store is SeaweedFS, Katib is the emulated one. The second attempt finds an empty disk.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from components.evaluate.component import evaluate
from components.failure_report.component import failure_report
from components.local_sweep.component import local_sweep
from components.report.component import report
from components.sweep.component import sweep
from components.train.component import train
from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.katib_sweep import run_options
from morphogenetic_engine.steps.pipeline_run import PipelineRun, experiment_name
from morphogenetic_engine.steps.portable_json import short_config
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config_file import config_from, parse_yaml
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand, KatibOnThisMachine
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer, running_server
from tests.seaweedfs import SeaweedServer, running_seaweedfs
from tests.steps.conftest import MOONS, parsed
from tests.steps.disturbed_runs import (
    RUN,
    Timer,
    disturbed,
    ended_in_the_store,
    inputs,
    place,
    ran,
    report_of,
    steady,
    undisturbed,
    without_times,
)
from tests.steps.step_program import GRACE_SECONDS, Ended, StepProgram
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.faults]

WORKLOAD = """
import time

def train(params, trial):
    with open("ran", "a", encoding="utf-8") as file:
        print(trial.number, file=file)
    for step in range(3):
        trial.report(step, {"val_acc": params["x"] / (3 - step)})
        time.sleep(0.05)
    return {"val_acc": params["x"], "twice": 2 * params["x"]}
"""
TOY = """
experiment: {workload: "counted:train"}
parameters: {x: [0.1, 0.7, 0.3, 0.2, 0.9, 0.4, 0.5, 0.8]}
execution: {max_parallel: 2}
optimization: {secondary_metrics: [twice]}
"""
KATIB = TOY + 'resources: {image: "registry/toy:1"}\n'
MOMENTS = 10 if "SWEEP_FAULTS" in os.environ else 2
"""Seeded moments of each kill; all ten with `make test-faults`."""
HOWS = {"SIGTERM": signal.SIGTERM, "SIGKILL": signal.SIGKILL}
EVERY = [pytest.param(how, 0, id=f"{name}-0") for name, how in HOWS.items()] + [
    pytest.param(how, seed, id=f"{name}-{seed}", marks=pytest.mark.slow)
    for name, how in HOWS.items()
    for seed in range(1, MOMENTS)
]
each_moment = pytest.mark.parametrize(("how", "seed"), EVERY)


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedServer]:
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def workshop(tmp_path: Path, seaweed: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of steps, with a workload that writes down which trials ran."""
    (tmp_path / "counted.py").write_text(WORKLOAD, encoding="utf-8")
    for name, value in seaweed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@each_moment
def test_a_sweep_in_one_pod_goes_on_from_its_journal(workshop: Path, how: signal.Signals, seed: int) -> None:
    given = {**inputs(workshop, TOY, "undisturbed"), "compiled_for": ""}
    program = StepProgram(local_sweep, given, workshop, {})
    whole, _ = undisturbed(program)
    (workshop / "ran").unlink()
    program = replace(program, parameters={**given, "storage": place(workshop, "killed")})
    wanted = random.Random(seed).randint(0, 8)
    program.end("first", how, lambda: sum(ran(workshop).values()) >= wanted)
    before, known = ran(workshop), ended_in_the_store(place(workshop, "killed"))
    again = program.run("second")
    twice = ran(workshop) - before
    assert not known & twice.keys()  # what the store's journal has as ended is not trained again
    assert set(before + twice) == set(range(8))
    assert steady(again.place / "trials") == steady(whole.place / "trials")
    assert again.returned == whole.returned
    assert again.metrics("sweep_metrics") == whole.metrics("sweep_metrics")
    if known:
        assert "goes on where an earlier attempt stopped" in again.log


@pytest.fixture
def katib_cluster() -> Iterator[tuple[FakeKubernetes, KubernetesServer]]:
    cluster = FakeKubernetes()
    with running_server(cluster) as server:
        yield cluster, server


@pytest.fixture
def katib_environment(
    workshop: Path, katib_cluster: tuple[FakeKubernetes, KubernetesServer], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    path = katib_cluster[1].kubeconfig(workshop / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(path))
    return {"KUBECONFIG": str(path)}


@each_moment
def test_a_sweep_on_katib_finds_its_experiment(
    workshop: Path,
    katib_cluster: tuple[FakeKubernetes, KubernetesServer],
    katib_environment: dict[str, str],
    how: signal.Signals,
    seed: int,
) -> None:
    cluster, _ = katib_cluster
    given = {**inputs(workshop, KATIB, "katib"), "workflow": "wf", "namespace": "ml", "image": "registry/toy:1"}
    cluster.put("workflows", "ml", {"metadata": {"name": "wf"}})
    program = StepProgram(sweep, given, workshop, katib_environment)
    wanted = random.Random(seed).randint(0, 8)
    with KatibOnThisMachine(cluster, workshop):
        first = program.start("first")
        with first:
            while first.poll() is None and sum(ran(workshop).values()) < wanted:
                time.sleep(0.002)
            first.send_signal(how)
            first.wait(60)
        again = program.run("second")
    created = [request for request in cluster.requests if request.startswith("POST") and "/experiments" in request]
    assert len(created) == 1 and cluster.names("experiments") == [experiment_name("toy", RUN)]
    assert ran(workshop) == Counter(range(8))  # no trial ran twice
    table = steady(again.place / "trials")
    assert [row["state"] for row in table] == ["complete"] * 8 and Counter(row["x"] for row in table)["0.9"] == 1
    assert Candidate.model_validate_json(str(again.returned)).params == {"x": 0.9}
    assert again.metadata("sweep_folder") == {"experiment": experiment_name("toy", RUN)}


@pytest.mark.slow
@pytest.mark.parametrize("deleted", [True, False])
def test_the_experiment_of_a_run_that_is_deleted_ends_with_the_pod_that_watches_it(
    workshop: Path,
    katib_cluster: tuple[FakeKubernetes, KubernetesServer],
    katib_environment: dict[str, str],
    deleted: bool,
) -> None:
    """A deleted run has no exit task; a pod that is merely moved leaves the Experiment to the next attempt."""
    cluster, _ = katib_cluster
    name = experiment_name("toy", RUN)
    given = {**inputs(workshop, KATIB, "deleted"), "workflow": "wf", "namespace": "ml", "image": "registry/toy:1"}
    cluster.put("workflows", "ml", {"metadata": {"name": "wf"}})
    with StepProgram(sweep, given, workshop, katib_environment).start("first") as process:
        until(lambda: name in cluster.names("experiments"))
        by_hand = KatibByHand(cluster, name)
        by_hand.start("a", x="0.1")
        by_hand.end("a", "Succeeded", val_acc=0.1, twice=0.2)
        until(lambda: "trial 0: complete" in (workshop / "first" / "log").read_text(encoding="utf-8"))
        if deleted:
            cluster.remove("workflows", "ml", "wf")
        process.send_signal(signal.SIGTERM)
        assert process.wait(GRACE_SECONDS * 20) == 128 + signal.SIGTERM
    assert cluster.names("experiments") == ([] if deleted else [name])
    assert ended_in_the_store(place(workshop, "deleted")) == {0}
    page = report_of(place(workshop, "deleted"))
    assert "The pipeline was stopped (the pod of the sweep was ended)." in page and 'id="best"' in page


@pytest.mark.slow
def test_a_sweep_in_one_pod_that_is_asked_to_end_leaves_a_report(workshop: Path) -> None:
    """The run may have been deleted, and then no exit task follows."""
    program = StepProgram(local_sweep, {**inputs(workshop, TOY, "ended"), "compiled_for": ""}, workshop, {})
    program.end("first", signal.SIGTERM, lambda: sum(ran(workshop).values()) >= 4)
    ended = ended_in_the_store(place(workshop, "ended"))
    page = report_of(place(workshop, "ended"))
    assert ended and "The pipeline was stopped" in page
    assert f"<dt>complete trials</dt><dd>{len(ended)} of " in page


@pytest.fixture(scope="module")
def moons_program(tmp_path_factory: pytest.TempPathFactory) -> tuple[StepProgram, Ended, float]:
    """Training the best of the moons, undisturbed."""
    folder = tmp_path_factory.mktemp("training")
    config = parsed(MOONS)
    best = Candidate(trial=3, seed=7, params={**config.space.fixed, "lr": 0.03, "hidden_dim": 16})
    given = {"config": short_config(config), "candidate": best.json_text, "compiled_for": "", "cache_generation": ""}
    program = StepProgram(train, given, folder, {})
    return program, *undisturbed(program)


@each_moment
def test_a_training_that_was_killed_gives_the_same_model(
    moons_program: tuple[StepProgram, Ended, float], tmp_path: Path, how: signal.Signals, seed: int
) -> None:
    program, whole, seconds = moons_program
    again = disturbed(replace(program, folder=tmp_path), how, Timer(seconds, seed))
    assert without_times(again.metrics("training_metrics")) == without_times(whole.metrics("training_metrics"))
    for name in ("learning_curve_table", "learning_curve"):
        assert (again.place / name).read_bytes() == (whole.place / name).read_bytes()
    assert (again.place / "model" / "training.json").is_file() and (again.place / "model" / "model.pt").is_file()


@pytest.fixture(scope="module")
def evaluation_program(
    moons_program: tuple[StepProgram, Ended, float], tmp_path_factory: pytest.TempPathFactory
) -> tuple[StepProgram, Ended, float]:
    model = moons_program[1].place / "model"
    folder = tmp_path_factory.mktemp("evaluation")
    program = StepProgram(evaluate, {}, folder, {}, {"model": model})
    return program, *undisturbed(program)


@each_moment
def test_an_evaluation_that_was_killed_says_the_same(
    evaluation_program: tuple[StepProgram, Ended, float], tmp_path: Path, how: signal.Signals, seed: int
) -> None:
    program, whole, seconds = evaluation_program
    again = disturbed(replace(program, folder=tmp_path), how, Timer(seconds, seed))
    assert (again.place / "evaluation").read_bytes() == (whole.place / "evaluation").read_bytes()
    assert again.output == whole_output(whole, again)


def whole_output(whole: Ended, again: Ended) -> dict[str, object]:
    """Returns the output of the undisturbed attempt, with the other's paths."""
    text = orjson.dumps(whole.output).decode().replace(str(whole.place), str(again.place))
    found: dict[str, object] = orjson.loads(text)
    return found


@each_moment
def test_a_report_that_was_killed_is_the_same_page(
    workshop: Path, evaluation_program: tuple[StepProgram, Ended, float], how: signal.Signals, seed: int
) -> None:
    swept = StepProgram(local_sweep, {**inputs(workshop, TOY, "swept"), "compiled_for": ""}, workshop / "sweep", {})
    (workshop / "sweep").mkdir()
    (workshop / "sweep" / "counted.py").write_text(WORKLOAD, encoding="utf-8")
    artifacts = {
        "sweep_folder": swept.run("undisturbed").place / "sweep_folder",
        "evaluation": evaluation_program[1].place / "evaluation",
    }
    given = {"run_id": RUN, "name": "toy", "storage": place(workshop, "report")}
    program = StepProgram(report, given, workshop, {}, artifacts)
    whole, seconds = undisturbed(program)
    again = disturbed(program, how, Timer(seconds, seed))
    assert (again.place / "report").read_bytes() == (whole.place / "report").read_bytes()
    store = open_store(place(workshop, "report"))
    assert store.read_bytes(f"reports/{RUN}/index.html") == (again.place / "report").read_bytes()
    assert again.returned == whole.returned == store.address_of(f"reports/{RUN}/index.html")


@each_moment
def test_an_exit_task_that_was_killed_leaves_no_experiment_and_reports_what_had_finished(
    workshop: Path,
    katib_cluster: tuple[FakeKubernetes, KubernetesServer],
    katib_environment: dict[str, str],
    how: signal.Signals,
    seed: int,
) -> None:
    cluster, _ = katib_cluster
    storage = place(workshop, "exit")
    name = experiment_name("toy", RUN)
    file = config_from(parse_yaml(KATIB, where="toy.yaml"), where="toy.yaml")
    options = run_options(file, PipelineRun(RUN, "toy", storage), image="registry/toy:1")
    rendered = render_experiment(file, replace(options, namespace="ml"))
    cluster.put("experiments", "ml", dict(rendered.manifest))
    by_hand = KatibByHand(cluster, name)
    by_hand.start("a", x="0.1")
    by_hand.end("a", "Succeeded", val_acc=0.1, twice=0.2)
    by_hand.start("b", x="0.7")
    status = {"state": "RUNNING", "pipelineJobResourceName": "wf", "pipelineTaskName": "exit-handler-1", "error": {}}
    given = {"run_id": RUN, "name": "toy", "storage": storage, "namespace": "ml", "on_katib": True, "status": status}
    program = StepProgram(failure_report, given, workshop, katib_environment)
    # the moment is a request to the cluster, or one of some times after the last one
    wanted = random.Random(seed).randint(1, 5)
    again = disturbed(program, how, lambda: len(cluster.requests) >= wanted)
    assert cluster.names("experiments") == [] and cluster.names("trials") == []
    page = report_of(storage)
    assert "The pipeline was stopped (RUNNING)." in page and 'id="best"' in page
    assert ended_in_the_store(storage) >= {0}
    assert (again.place / "failure_page").read_text(encoding="utf-8") == page
