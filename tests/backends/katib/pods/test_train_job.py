"""Trials as TrainJobs of Kubeflow Trainer: valid to its models, with the same command and environment as a Job's."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from kubeflow_trainer_api.models import TrainerV1alpha1TrainingRuntime

from morphogenetic_engine.backends.katib.read.objects import read_experiment
from morphogenetic_engine.backends.katib.render.validation import validate_experiment
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from tests.backends.katib.render.configs import ROOT, at, job, rendered, spec, sweep, unsupported

RESOURCES = {
    "image": "registry/train:1",
    "gpu": 1,
    "memory": "8Gi",
    "scratch": "1.5Gi",
    "shm_size": "0.5Gi",
    "node_selector": {"gpu": True},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    "environment": {"COST": "$5"},
}
TRAIN = {"kind": "TrainJob", "runtime": "morphogenetic", "runtime_kind": "TrainingRuntime"}


def both(**more: object) -> tuple[ConfigFile, ConfigFile]:
    """Returns a sweep whose trials are Jobs, and the same with TrainJobs."""
    return sweep(resources={**RESOURCES, **more}), sweep(resources={**RESOURCES, **more, **TRAIN})


def patched_pod(file: ConfigFile) -> dict[str, object]:
    """Returns what a TrainJob patches of its pod."""
    (patch,) = at(job(file), "spec", "runtimePatches")
    (node,) = at(patch, "trainingRuntimeSpec", "template", "spec", "replicatedJobs")
    assert node["name"] == "node"
    found: dict[str, object] = at(node, "template", "spec", "template")
    return found


def test_katib_follows_the_node_of_a_train_job_to_its_conditions() -> None:
    template = at(spec(both()[1]), "trialTemplate")
    assert template["primaryContainerName"] == "node"
    assert template["primaryPodLabels"] == {
        "jobset.sigs.k8s.io/replicatedjob-name": "node",
        "batch.kubernetes.io/job-completion-index": "0",
    }
    assert template["successCondition"] == 'status.conditions.#(type=="Complete")#|#(status=="True")#'
    assert template["failureCondition"] == 'status.conditions.#(type=="Failed")#|#(status=="True")#'
    assert at(template, "trialSpec", "spec", "runtimeRef") == {
        "apiGroup": "trainer.kubeflow.org",
        "kind": "TrainingRuntime",
        "name": "morphogenetic",
    }


def test_a_trial_is_run_as_in_a_job() -> None:
    plain, train = both()
    container, trainer = at(job(plain), "spec", "template", "spec", "containers", 0), at(job(train), "spec", "trainer")
    for key in ("image", "command", "args"):
        assert trainer[key] == container[key]
    assert [each for each in trainer["env"] if each["name"] != "MORPHOGENETIC_SWEEP"] == [
        each for each in container["env"] if each["name"] != "MORPHOGENETIC_SWEEP"
    ]
    assert trainer["resourcesPerNode"] == container["resources"]
    assert at(job(train), "spec", "activeDeadlineSeconds") == at(job(plain), "spec", "activeDeadlineSeconds")
    pod, own = at(job(plain), "spec", "template"), patched_pod(train)
    assert own["metadata"] == pod["metadata"]
    for key in ("securityContext", "nodeSelector", "tolerations", "volumes", "terminationGracePeriodSeconds"):
        assert at(own, "spec", key) == at(pod, "spec", key)
    assert at(own, "spec", "containers", 0, "volumeMounts") == container["volumeMounts"]


def test_it_is_valid_to_the_models_and_what_they_do_not_know_is_refused() -> None:
    manifest = yaml.safe_load(yaml.safe_dump(rendered(both()[1]).manifest))
    validate_experiment(manifest)
    for path, told in (
        (("trainer", "resources"), "TrainJob.spec.trainer.resources: is no field of a TrainJob"),
        (("runtimeRef", "name"), "TrainJob: name: Input should be a valid string"),
    ):
        broken = copy.deepcopy(manifest)
        at(broken, "spec", "trialTemplate", "trialSpec", "spec", path[0])[path[1]] = 7
        with pytest.raises(ConfigError, match=told):
            validate_experiment(broken)


def test_the_experiment_is_read_back() -> None:
    file = both()[1]
    found = read_experiment(rendered(file).manifest)
    assert (found.image, found.config) == ("registry/train:1", file.config)


def test_what_the_runtime_must_have_and_what_is_lost_is_told() -> None:
    file = both(secrets=["store"], priority_class="low")[1]
    told = unsupported(file)
    assert "Kubeflow Trainer 2.3 and the TrainingRuntime morphogenetic" in told["resources.runtime"]
    for key in ("secrets", "priority_class"):
        assert told[f"resources.{key}"].startswith("TrainJobs have no such setting")
    assert not {"resources.runtime", "resources.kind"} & unsupported(both()[0]).keys()


@pytest.mark.parametrize(
    "resources",
    [
        {"kind": "TrainJob"},
        {"runtime": "torch"},
        {**TRAIN, "gpu_sharing": {"by": "claim"}},
        {**TRAIN, "gpu_sharing": {"by": "kai", "fraction": 0.5, "queue": "team"}},
    ],
)
def test_what_does_not_fit_together_is_refused(resources: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="resources: .*(go together|needs kind: Job)"):
        sweep(resources=resources)


def test_the_runtime_of_the_manifests_is_what_a_sweep_needs() -> None:
    written = yaml.safe_load(Path(ROOT / "manifests/trainer/runtime.yaml").read_text(encoding="utf-8"))
    runtime = TrainerV1alpha1TrainingRuntime.from_dict(written)
    assert runtime is not None and runtime.to_dict() == written
    (node,) = at(written, "spec", "template", "spec", "replicatedJobs")
    job_spec = at(node, "template", "spec")
    (container,) = at(job_spec, "template", "spec", "containers")
    assert (node["name"], container["name"], job_spec["backoffLimit"]) == ("node", "node", 0)
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert at(node, "template", "metadata", "labels")["trainer.kubeflow.org/trainjob-ancestor-step"] == "trainer"
