"""Each task of the compiled pipelines: its names, artifacts, retries, deadline, caching, resources and credentials.

A change in one line of the code shows here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from morphogenetic_engine.backends.katib.pods.job_template import deadline_seconds
from morphogenetic_engine.backends.kubernetes.worker_manifests import POD_NAME_VARIABLE, ROLE_LABEL, STEP_ROLE
from morphogenetic_engine.errors import ConfigError
from pipelines.compiling import compiled
from pipelines.plan import Images, Pipeline, Plan
from tests.pipelines.test_compiling import documents, plan

pytestmark = pytest.mark.slow

DAY, HOUR = 24 * 3600, 3600
TEXT = """
parameters: {lr: {choices: [0.1, 0.2, 0.3, 0.4, 0.5], type: categorical, default: 0.1}}
execution: {timeout_per_trial: 600, max_parallel: 2}
resources: {gpu: 1, cpu: 4, memory: 8Gi}
"""
TRAINING = HOUR + 2 * 600
LIGHT_RESOURCES = ("100m", "2", "256Mi", "2Gi", None)
TRIAL_RESOURCES = ("4", "4", "8Gi", "8Gi", "1")

Task = tuple[str, str, int, bool, tuple[str | None, ...], bool]
# executor: display name, image, deadline in seconds, cached with a digest, resources, may do without the Secret
TASKS: dict[str, Task] = {
    "train": ("train the best", "train", TRAINING, True, TRIAL_RESOURCES, False),
    "train-2": ("train the defaults", "train", TRAINING, True, TRIAL_RESOURCES, False),
    "evaluate": ("evaluate", "train", HOUR, True, LIGHT_RESOURCES, False),
    "report": ("report", "report", HOUR, False, LIGHT_RESOURCES, False),
    "failure-report": ("report if it failed", "report", 900, False, LIGHT_RESOURCES, True),
}
SWEEPS: dict[Pipeline, dict[str, Task]] = {
    Pipeline.SWEEP: {"sweep": ("sweep on Katib", "report", 3 * TRAINING, False, LIGHT_RESOURCES, False)},
    Pipeline.SMOKE: {"sweep": ("sweep on Katib", "report", 3 * TRAINING, False, LIGHT_RESOURCES, False)},
    Pipeline.LOCAL_SWEEP: {"local-sweep": ("sweep in one pod", "train", 3 * TRAINING, False, TRIAL_RESOURCES, False)},
}
ARTIFACTS = {
    "train": {
        "model": "Model",
        "training_metrics": "Metrics",
        "learning_curve": "Dataset",
        "learning_curve_table": "Markdown",
    },
    "evaluate": {
        "evaluation": "Artifact",
        "test_metrics": "Metrics",
        "confusion_matrix": "ClassificationMetrics",
        "roc_curve": "ClassificationMetrics",
    },
    "report": {"report": "HTML"},
    "failure-report": {"failure_page": "HTML"},
    "sweep": {"sweep_folder": "Artifact", "trials": "Dataset", "trials_table": "Markdown", "sweep_metrics": "Metrics"},
}


def whole_plan(pipeline: Pipeline) -> Plan:
    images = Images(f"registry/train@sha256:{'a' * 64}", "registry/report:1")
    return replace(plan(pipeline, text=TEXT, namespace="ml"), images=images, sweep_name="toy")


@cache
def compiled_whole_plan(pipeline: Pipeline) -> str:
    """Compile the plan once: the tests read it, and a compilation takes seconds."""
    return compiled(whole_plan(pipeline))


def tasks_of(spec: dict[str, Any]) -> dict[str, Any]:
    found = {**spec["root"]["dag"]["tasks"], **spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]}
    found.pop("exit-handler-1")
    return found


def resources_of(container: dict[str, Any]) -> tuple[str | None, ...]:
    given = container.get("resources", {})
    keys = ("resourceCpuRequest", "resourceCpuLimit", "resourceMemoryRequest", "resourceMemoryLimit")
    return (*(given.get(key) for key in keys), given.get("accelerator", {}).get("resourceCount"))


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_each_task_has_its_names_deadline_retries_caching_resources_and_credentials(pipeline: Pipeline) -> None:
    whole = whole_plan(pipeline)
    assert deadline_seconds(whole.config) == TRAINING
    spec, pods = documents(compiled_whole_plan(pipeline))
    executors = spec["deploymentSpec"]["executors"]
    tasks = tasks_of(spec)
    assert tasks.keys() == TASKS.keys() | SWEEPS[pipeline].keys()
    for name, (shown, image, deadline, cached, resources, optional) in {**TASKS, **SWEEPS[pipeline]}.items():
        task, pod = tasks[name], pods[f"exec-{name}"]
        container = executors[f"exec-{name}"]["container"]
        assert task["taskInfo"]["name"] == shown
        assert container["image"] == getattr(whole.images, image), name
        assert int(pod["activeDeadlineSeconds"]) == deadline, name
        assert task["cachingOptions"].get("enableCache", False) is cached, name
        assert resources_of(container) == resources, name
        retry = task["retryPolicy"]
        assert (retry["maxRetryCount"], retry["backoffDuration"], retry["backoffFactor"]) == (2, "10s", 2.0)
        assert retry["backoffMaxDuration"] == f"{3 * (deadline + DAY)}s", name  # all attempts, and their waiting
        (secret,) = pod["secretAsEnv"]
        keys = {each["secretKey"]: each["envVar"] for each in secret["keyToEnv"]}
        assert (secret["secretName"], secret["optional"]) == ("object-store", optional), name
        assert keys == {each: each for each in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        assert container["env"] == [{"name": "AWS_ENDPOINT_URL", "value": "http://store:8333"}]


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_the_artifacts_of_tasks_have_names_of_their_own(pipeline: Pipeline) -> None:
    spec, _ = documents(compiled_whole_plan(pipeline))
    for name, task in tasks_of(spec).items():
        outputs = spec["components"][task["componentRef"]["name"]]["outputDefinitions"]["artifacts"]
        types = {key: each["artifactType"]["schemaTitle"].removeprefix("system.") for key, each in outputs.items()}
        wanted = ARTIFACTS[name.removesuffix("-2").removeprefix("local-")]
        assert types == wanted
        assert not types.keys() & tasks_of(spec).keys() - {"report"}


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_a_pipeline_has_a_description_and_parameters_that_tell_runs_apart(pipeline: Pipeline) -> None:
    spec, _ = documents(compiled_whole_plan(pipeline))
    assert spec["pipelineInfo"]["name"] == f"morphogenetic-{pipeline}" and spec["pipelineInfo"]["description"]
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    defaults = {name: each["defaultValue"] for name, each in parameters.items()}
    assert defaults.pop("config").startswith('{"parameters":{"lr":{')
    assert defaults == {
        "name": "toy",
        "target": "maximize val_acc",
        "trials": "5",
        "image": f"registry/train@sha256:{'a' * 64}",
        "storage": "s3://sweeps/here",
        "namespace": "ml",
    }
    assert {each["parameterType"] for each in parameters.values()} == {"STRING"}


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_a_run_that_nothing_lets_go_on_is_ended_later_than_all_attempts_could_take(pipeline: Pipeline) -> None:
    text = compiled_whole_plan(pipeline)
    deadline = int(text.rsplit("activeDeadlineSeconds: ", maxsplit=1)[1])
    assert deadline == sum(3 * (seconds + DAY) for seconds in (3 * TRAINING, TRAINING, HOUR, HOUR))


def test_a_sweep_without_time_limits_may_take_a_month() -> None:
    text = "parameters: {lr: [" + ", ".join(str(each / 100) for each in range(1, 99)) + "]}"
    _, pods = documents(compiled(plan(Pipeline.SWEEP, text=text)))
    assert int(pods["exec-sweep"]["activeDeadlineSeconds"]) == 30 * DAY


def test_without_caching_no_task_is_taken_from_the_cache() -> None:
    spec, _ = documents(compiled(replace(whole_plan(Pipeline.SWEEP), caching=False)))
    assert not any(each["cachingOptions"].get("enableCache") for each in tasks_of(spec).values())


@pytest.mark.parametrize("value", ["{{workflow.name}}", "{{=1+1}}", "$(KFP_POD_NAME)", "a 🙂"])
def test_an_environment_that_would_not_arrive_is_refused(value: str) -> None:
    whole = plan(text=f"parameters: {{lr: [0.1]}}\nresources: {{environment: {{NOTE: '{value}'}}}}")
    with pytest.raises(ConfigError, match=r"^resources.environment.NOTE: must be ASCII without '\{\{' and '\$\(', "):
        compiled(whole)


PODS = TEXT.replace("max_parallel: 2}", "executor: dask, dask: {kubernetes: {workers: 2, claims: {sweeps: /sweeps}}}}")


def test_a_sweep_on_worker_pods_is_a_small_pod_with_their_volume() -> None:
    spec, pods = documents(compiled(plan(Pipeline.LOCAL_SWEEP, text=PODS)))
    container, pod = spec["deploymentSpec"]["executors"]["exec-local-sweep"]["container"], pods["exec-local-sweep"]
    assert resources_of(container) == LIGHT_RESOURCES and container["image"] == "registry/train:1"
    (mount,) = pod["pvcMount"]
    assert (mount["mountPath"], mount["pvcNameParameter"]["runtimeValue"]["constant"]) == ("/sweeps", "sweeps")
    assert pod["podMetadata"]["labels"] == {ROLE_LABEL: STEP_ROLE}
    assert pod["fieldPathAsEnv"] == [{"fieldPath": "metadata.name", "name": POD_NAME_VARIABLE}]
    assert int(pod["activeDeadlineSeconds"]) == 3 * TRAINING


def test_worker_pods_of_a_pipeline_need_a_shared_volume_or_a_store() -> None:
    without = PODS.replace(", claims: {sweeps: /sweeps}", "")
    with pytest.raises(ConfigError, match=r"kubernetes.claims: is required .*; or execution.dask.storage"):
        compiled(plan(Pipeline.LOCAL_SWEEP, text=without))
    stored = without.replace("workers: 2}", "workers: 2}, storage: s3://sweeps/runs")
    _, pods = documents(compiled(plan(Pipeline.LOCAL_SWEEP, text=stored)))
    assert "pvcMount" not in pods["exec-local-sweep"]
    assert pods["exec-local-sweep"]["podMetadata"]["labels"] == {ROLE_LABEL: STEP_ROLE}
