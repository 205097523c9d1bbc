"""An Experiment whose trials our service suggests: submitted, run by real processes, and collected."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, Manifest
from tests.backends.katib.client.cluster.katib_controller import KatibByHand, KatibOnThisMachine
from tests.backends.katib.client.collected_sweep import COLLECT, FOLDER, collected, steady
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_submit import SUBMIT

OURS = [*SUBMIT, "--algorithm", "morphogenetic"]
TPE = """
sweep_type: bayesian
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}, kind: ["a b", "50%"]}
execution: {max_parallel: 2}
optimization: {secondary_metrics: [twice], n_trials: 5, lookahead: 2, sampler_options: {n_startup_trials: 2}}
resources: {image: "registry/toy:1"}
"""
PROGRESSIVE = """
sweep_type: progressive
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {secondary_metrics: [twice], rounds: 2}
resources: {image: "registry/toy:1"}
"""
RUNGS = """
sweep_type: random
experiment: {{workload: "toy:rising"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: 2}}
optimization: {{n_trials: 6, strategy: {strategy}, halving: {{full: 9, first_rung: 3}}}}
resources: {{image: "registry/toy:1"}}
"""
POPULATION = """
sweep_type: random
experiment: {workload: "toy:scheduled"}
parameters: {lr: {low: 0.001, high: 1.0, log: true}}
execution: {max_parallel: 2}
optimization: {n_trials: 6, strategy: pbt, pbt: {change: [lr], population: 3, full: 8}}
resources: {image: "registry/toy:1"}
"""


def config_map(*algorithms: str) -> Manifest:
    """Returns Katib's configuration with these services."""
    listed = "".join(f"    - algorithmName: {name}\n      image: registry/{name}:1\n" for name in algorithms)
    return {"metadata": {"name": "katib-config"}, "data": {"katib-config.yaml": f"runtime:\n  suggestions:\n{listed}"}}


@pytest.mark.slow
@pytest.mark.parametrize("written", [TPE, PROGRESSIVE], ids=["tpe", "progressive"])
def test_a_sweep_that_learns_has_the_trial_table_of_a_local_one(
    written: str, command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    Path("sweep.yaml").write_text(written, encoding="utf-8")
    cluster.put("configmaps", "kubeflow", config_map("random", "morphogenetic"))
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local")
    with KatibOnThisMachine(cluster, workplace):
        ran = command(*OURS, "--wait")
    assert ran.status == 0, ran.out
    assert steady(FOLDER) == steady(Path("results/sweeps/local"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "written",
    [RUNGS.format(strategy="halving"), RUNGS.format(strategy="asha"), POPULATION],
    ids=["halving", "asha", "pbt"],
)
def test_trials_that_go_on_from_files_in_the_store_have_the_table_of_a_local_run(
    written: str, command: Command, cluster: FakeKubernetes, workplace: Path, store: str
) -> None:
    Path("sweep.yaml").write_text(written, encoding="utf-8")
    cluster.put("configmaps", "kubeflow", config_map("morphogenetic"))
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local").status == 0
    with KatibOnThisMachine(cluster, workplace):
        ran = command(*OURS, "--store", store, "--wait")
    assert ran.status == 0, ran.out
    assert steady(FOLDER) == steady(Path("results/sweeps/local"))
    local = read_result(SweepFolder(Path("results/sweeps/local"))).trials
    assert [each.parent for each in collected().trials] == [each.parent for each in local]
    assert [each.curve for each in collected().trials] == [each.curve for each in local]


def test_a_cluster_without_our_service_is_told_before_anything_is_created(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.put("configmaps", "kubeflow", config_map("random", "morphogenetic-rungs"))
    ran = command(*OURS)
    assert ran.status == 2 and cluster.names("experiments") == []
    assert "Katib has no algorithm morphogenetic: an administrator registers the service" in ran.err
    assert "--algorithm katib" in ran.err


def test_a_user_who_may_not_read_katib_s_configuration_submits_all_the_same(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.forbidden.add(("get", "configmaps"))
    assert command(*OURS).status == 0


def test_a_user_who_may_not_read_it_is_told_what_is_missing_when_katib_refuses(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.forbidden.add(("get", "configmaps"))
    cluster.denial = (
        "unable to get Suggestion config data for algorithm morphogenetic: failed to find suggestion config"
    )
    ran = command(*OURS)
    assert ran.status == 2
    assert "Katib refuses to create Experiment ml/toy: unable to get Suggestion config data" in ran.err
    assert "an administrator registers the service" in ran.err


def test_trials_keep_the_numbers_in_their_names_though_katib_made_one_again(
    command: Command, katib: KatibByHand
) -> None:
    Path("sweep.yaml").write_text(TPE, encoding="utf-8")
    command(*OURS)
    for number in (2, 0, 1):  # trial 0 and 1 were deleted by hand, and came again
        name = f"toy-0a1b2-t{number:04d}"
        katib.start(name, x=f"0.{number}5", kind="50%25")
        katib.end(name, "Succeeded", val_acc=number, twice=1)
    katib.start("toy-0a1b2-idle0003", x="0.5", kind="50%25")
    katib.end("toy-0a1b2-idle0003", "Failed")
    katib.finish()
    assert command(*COLLECT).status == 0
    trials = collected().trials
    assert [(trial.number, trial.seed, trial.params["x"]) for trial in trials] == [
        (number, trial_seed(42, number), float(f"0.{number}5")) for number in range(3)
    ]
    assert {trial.params["kind"] for trial in trials} == {"50%"}
