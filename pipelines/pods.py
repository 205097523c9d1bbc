"""What the pods of a pipeline's tasks ask for: images, resources, deadlines, credentials."""

import re

from kfp import dsl, kubernetes

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from pipelines.deadlines import (
    EXIT_SECONDS,
    FIRST_PAUSE_SECONDS,
    LIGHT_SECONDS,
    PAUSE_FACTOR,
    retry_seconds,
    sweep_seconds,
    training_seconds,
)
from pipelines.plan import Plan

LIGHT_CPU, LIGHT_MEMORY = ("100m", "2"), ("256Mi", "2Gi")
"""Requests and limits of tasks that train nothing."""
_CHANGED = re.compile(r"\{\{|\$\(|[^\x00-\x7f]")


def light_pod(task: dsl.PipelineTask, plan: Plan, *, seconds: int = LIGHT_SECONDS) -> dsl.PipelineTask:
    """Let a task run on the small image, with what a little computing needs."""
    return _equipped(_light(task, plan), plan, seconds)


def waiting_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task wait for an Experiment on a small pod, for as long as its trials may take."""
    return light_pod(task, plan, seconds=sweep_seconds(plan))


def exit_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let the exit task run, also where the Secret is missing: a run whose exit task cannot start never ends."""
    return _equipped(_light(task, plan), plan, EXIT_SECONDS, secret_optional=True)


def sweep_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task run a whole sweep, with the resources of a trial."""
    return _trial_pod(task, plan, sweep_seconds(plan))


def training_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task train one configuration: on the pod of a trial, and no longer than a trial on Katib may take."""
    return _trial_pod(task, plan, training_seconds(plan))


def check_environment(config: SweepConfig) -> None:
    """Refuse values of `resources.environment` that Kubeflow Pipelines, Argo or the kubelet would change.

    Raises:
        ConfigError: there is one.
    """
    for name, value in config.resources.environment.items():
        if _CHANGED.search(value):
            raise ConfigError(
                f"resources.environment.{name}: must be ASCII without '{{{{' and '$(', which Argo and the kubelet"
                f" replace, but got {value!r}; let the workload read such a value from a parameter"
            )


def _light(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    task.set_container_image(plan.images.report)
    task.set_cpu_request(LIGHT_CPU[0]).set_cpu_limit(LIGHT_CPU[1])
    return task.set_memory_request(LIGHT_MEMORY[0]).set_memory_limit(LIGHT_MEMORY[1])


def _trial_pod(task: dsl.PipelineTask, plan: Plan, seconds: int) -> dsl.PipelineTask:
    """Let a task run on the image of the workload, with the resources of a trial."""
    task.set_container_image(plan.images.train)
    wanted = plan.config.resources
    if wanted.gpu:
        task.set_accelerator_type(wanted.gpu_resource).set_accelerator_limit(wanted.gpu)
    if wanted.cpu:
        task.set_cpu_request(wanted.cpu).set_cpu_limit(wanted.cpu)
    if wanted.memory:
        task.set_memory_request(wanted.memory).set_memory_limit(wanted.memory)
    if wanted.shm_size:
        kubernetes.empty_dir_mount(
            task, volume_name="shm", mount_path="/dev/shm", medium="Memory", size_limit=wanted.shm_size
        )
    if wanted.scratch:
        kubernetes.empty_dir_mount(task, volume_name="scratch", mount_path="/tmp", size_limit=wanted.scratch)
    for label, value in wanted.node_selector.items():
        kubernetes.add_node_selector(task, label, value)
    for each in wanted.tolerations:
        kubernetes.add_toleration(task, each.key, each.operator, each.value, each.effect, each.toleration_seconds)
    for name, value in wanted.environment.items():
        task.set_env_variable(name, value)
    return _equipped(task, plan, seconds)


def _equipped(task: dsl.PipelineTask, plan: Plan, seconds: int, *, secret_optional: bool = False) -> dsl.PipelineTask:
    """Let a task be tried again, end after a time, and reach the object store."""
    if plan.retries:
        task.set_retry(
            plan.retries,
            backoff_duration=f"{FIRST_PAUSE_SECONDS}s",
            backoff_factor=PAUSE_FACTOR,
            backoff_max_duration=f"{retry_seconds(plan, seconds)}s",
        )
    kubernetes.set_timeout(task, seconds)
    store = plan.store
    if store.endpoint:
        task.set_env_variable("AWS_ENDPOINT_URL", store.endpoint)
    if store.region:
        task.set_env_variable("AWS_REGION", store.region)
    if store.secret:
        access, secret = store.key_names
        keys = {access: "AWS_ACCESS_KEY_ID", secret: "AWS_SECRET_ACCESS_KEY"}
        kubernetes.use_secret_as_env(task, secret_name=store.secret, secret_key_to_env=keys, optional=secret_optional)
    return task
