"""Compiled pipelines run on a cluster."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from morphogenetic_engine.backends.katib.pods.job_template import deadline_seconds
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml, read_config
from pipelines.compiling import compiled
from pipelines.plan import Images, ObjectStore, Pipeline, Plan

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
IMAGES = Images("registry/train:1", "registry/report:1")
STORE = ObjectStore("s3://sweeps/here", "http://store:8333", "object-store")
GPU = """
parameters: {lr: [0.1, 0.2]}
resources:
  gpu: 2
  cpu: 4
  memory: 8Gi
  shm_size: 1Gi
  scratch: 20Gi
  node_selector: {disk: fast}
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
"""


def plan(pipeline: Pipeline = Pipeline.SWEEP, *, text: str | None = None, **more: Any) -> Plan:
    file = EXAMPLES / "smoke.yaml"
    config = parse_config(parse_yaml(text, where="x"), where="x") if text else read_config(file).config
    return Plan(pipeline, config, IMAGES, STORE, **more)


@cache
def compiled_plan(pipeline: Pipeline = Pipeline.SWEEP) -> str:
    """Compile the plan of an example, once: the tests read it, and a compilation takes seconds."""
    return compiled(plan(pipeline))


def documents(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pipeline, platform = yaml.safe_load_all(text)
    return pipeline, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_the_same_plan_gives_the_same_bytes(pipeline: Pipeline) -> None:
    assert compiled_plan(pipeline) == compiled(plan(pipeline))


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_no_pod_installs_anything(pipeline: Pipeline) -> None:
    assert "pip" not in re.findall(r"[a-z]+", compiled_plan(pipeline).replace("pipeline", ""))


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_every_task_has_an_image_of_ours(pipeline: Pipeline) -> None:
    spec, _ = documents(compiled_plan(pipeline))
    executors = spec["deploymentSpec"]["executors"]
    assert {each["container"]["image"] for each in executors.values()} == {IMAGES.train, IMAGES.report}
    assert executors["exec-evaluate"]["container"]["image"] == IMAGES.train


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_placeholders_are_whole_values(pipeline: Pipeline) -> None:
    text = compiled_plan(pipeline)
    found = re.findall(r"constant: (.*\{\{\$\.pipeline.*)", text)
    names = {"uuid"} if pipeline is Pipeline.LOCAL_SWEEP else {"uuid", "resource_name"}
    assert set(found) == {f"'{{{{$.pipeline_job_{name}}}}}'" for name in names}


def test_the_report_follows_the_evaluation_and_the_exit_task_stands_outside() -> None:
    spec, _ = documents(compiled_plan())
    tasks = spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    assert set(tasks["report"]["dependentTasks"]) == {"evaluate", "sweep"}
    assert tasks["train"]["dependentTasks"] == ["sweep"]
    ending = spec["root"]["dag"]["tasks"]["failure-report"]
    assert ending["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"


def cached(whole: Plan) -> set[str]:
    """Returns the tasks that may be taken from the cache."""
    spec, _ = documents(compiled(whole))
    tasks = {**spec["root"]["dag"]["tasks"], **spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]}
    found = {name for name, task in tasks.items() if task.get("cachingOptions", {}).get("enableCache")}
    return found - {"exit-handler-1"}


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_sweeps_and_reports_are_never_taken_from_the_cache(pipeline: Pipeline) -> None:
    exact = Images(f"registry/train@sha256:{'a' * 64}", IMAGES.report)
    assert cached(replace(plan(pipeline), images=exact)) == {"train", "train-2", "evaluate"}


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_nothing_is_taken_from_the_cache_where_the_code_behind_a_tag_may_be_another(pipeline: Pipeline) -> None:
    """Kubeflow Pipelines compares the names of images, not what is in them."""
    assert cached(plan(pipeline)) == set()


def test_a_sweep_without_defaults_trains_no_baseline() -> None:
    spec, _ = documents(compiled(plan(text=GPU)))
    assert "train-2" not in spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]


def test_the_resources_of_the_sweep_file_are_those_of_what_trains() -> None:
    spec, platform = documents(compiled(plan(Pipeline.LOCAL_SWEEP, text=GPU)))
    executors = spec["deploymentSpec"]["executors"]
    for name in ("exec-train", "exec-local-sweep"):
        resources = executors[name]["container"]["resources"]
        assert resources["accelerator"]["resourceCount"] == "2"
        assert (resources["resourceCpuLimit"], resources["resourceMemoryLimit"]) == ("4", "8Gi")
        assert platform[name]["nodeSelector"]["labels"] == {"disk": "fast"}
        assert platform[name]["tolerations"][0]["key"] == "nvidia.com/gpu"
        mounts = {each["mountPath"]: each.get("sizeLimit") for each in platform[name]["emptyDirMounts"]}
        assert mounts == {"/dev/shm": "1Gi", "/tmp": "20Gi"}
    assert "accelerator" not in executors["exec-report"]["container"]["resources"]


def test_a_training_that_hangs_ends_when_a_trial_on_katib_would() -> None:
    text = "parameters: {lr: {low: 0.1, high: 0.2, default: 0.1}}\nexecution: {timeout_per_trial: 90}"
    config = plan(text=text).config
    _, platform = documents(compiled(plan(text=text)))
    assert deadline_seconds(config) > 90
    ends = {name: pod.get("activeDeadlineSeconds") for name, pod in platform.items()}
    assert {ends["exec-train"], ends["exec-train-2"]} == {str(deadline_seconds(config))}


def test_credentials_are_named_and_never_written() -> None:
    spec, platform = documents(compiled_plan())
    assert "AWS_REGION" not in str(spec)
    for name, executor in spec["deploymentSpec"]["executors"].items():
        assert {"name": "AWS_ENDPOINT_URL", "value": "http://store:8333"} in executor["container"]["env"]
        assert platform[name]["secretAsEnv"][0]["secretName"] == "object-store"


def test_every_task_is_told_the_region_of_the_store() -> None:
    spec, _ = documents(compiled(replace(plan(), store=replace(STORE, region="eu-central-1"))))
    for executor in spec["deploymentSpec"]["executors"].values():
        assert {"name": "AWS_REGION", "value": "eu-central-1"} in executor["container"]["env"]


def test_a_configuration_over_the_limit_needs_a_store() -> None:
    text = f"parameters: {{lr: [{', '.join(str(each / 7) for each in range(1, 900))}]}}"
    with pytest.raises(ConfigError, match=r"bytes, more than the 10000 that Kubeflow Pipelines takes: name an object"):
        compiled(plan(text=text))
    spec, _ = documents(compiled(plan(text=text, config_address="s3://sweeps/configs/1.json")))
    default = spec["root"]["inputDefinitions"]["parameters"]["config"]["defaultValue"]
    assert default == "s3://sweeps/configs/1.json"
