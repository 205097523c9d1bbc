"""An Experiment whose trials are TrainJobs: each becomes the pod of its runtime's node, run by real processes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import RUNTIME, KatibOnThisMachine
from tests.backends.katib.client.collected_sweep import FOLDER, collected, steady
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_local_search import OURS, TPE, config_map
from tests.backends.katib.client.test_submit import SUBMIT
from tests.backends.katib.render.configs import at, job, sweep
from tests.emulated_katib.trainer import node_job

TRAIN = "{image: registry/toy:1, kind: TrainJob, runtime: morphogenetic, runtime_kind: TrainingRuntime}"
FAILING = """
experiment: {workload: "toy:moody"}
parameters: {x: [0.1], mood: [raise, well]}
resources: %s
"""


def test_the_pod_of_a_train_job_has_what_the_sweep_says_and_the_rest_of_its_runtime() -> None:
    written = {"image": "registry/train:1", "gpu": 2, "shm_size": "1Gi", "node_selector": {"zone": "a"}}
    file = sweep(resources={**written, **yaml.safe_load(TRAIN), "image": "registry/train:1"})
    made = {**job(file), "metadata": {"name": "sweep-1"}}
    runtime = yaml.safe_load(RUNTIME.read_text(encoding="utf-8"))
    found = node_job(made, runtime)
    pod = at(found, "spec", "template", "spec")
    (container,) = pod["containers"]
    assert (container["name"], container["image"]) == ("node", "registry/train:1")
    assert at(container, "resources", "limits") == {"nvidia.com/gpu": "2"}
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError" and container["envFrom"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert (pod["nodeSelector"], pod["restartPolicy"], at(found, "spec", "backoffLimit")) == ({"zone": "a"}, "Never", 0)
    assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]


@pytest.mark.slow
def test_trials_that_are_train_jobs_have_the_trial_table_of_a_local_run(
    command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    Path("sweep.yaml").write_text(TPE.replace('{image: "registry/toy:1"}', TRAIN), encoding="utf-8")
    assert "TrainJob" in Path("sweep.yaml").read_text(encoding="utf-8")
    cluster.put("configmaps", "kubeflow", config_map("morphogenetic"))
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local")
    with KatibOnThisMachine(cluster, workplace):
        ran = command(*OURS, "--wait")
    assert ran.status == 0, ran.out
    (name,) = cluster.names("experiments")
    assert at(cluster.get("experiments", "ml", name), "spec", "trialTemplate", "trialSpec", "kind") == "TrainJob"
    assert steady(FOLDER) == steady(Path("results/sweeps/local"))


@pytest.mark.slow
def test_the_reason_of_a_failed_train_job_is_read_from_its_node(
    command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    Path("sweep.yaml").write_text(FAILING % TRAIN, encoding="utf-8")
    with KatibOnThisMachine(cluster, workplace):
        assert command(*SUBMIT, "--wait").status == 0
    states = {trial.params["mood"]: (trial.state.value, trial.message) for trial in collected().trials}
    assert states["well"][0] == "complete"
    assert states["raise"] == ("failed", "ZeroDivisionError: no luck (toy.py:55)")
