"""Configures the pods of a pipeline's tasks: images, resources, deadlines, credentials."""

import re

from kfp import dsl, kubernetes

from morphogenetic_engine.backends.kubernetes.worker_manifests import POD_NAME_VARIABLE, ROLE_LABEL, STEP_ROLE
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.executors.kubernetes_section import KubernetesWorkers
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
    """Configures a task with the small image and small resources."""
    return _equipped(_light(task, plan), plan, seconds)


def waiting_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Configures a task that waits for an Experiment: a small pod, with the time limit of the sweep."""
    return light_pod(task, plan, seconds=sweep_seconds(plan))


def exit_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Configures the exit task; the Secret is optional, because a run whose exit task cannot start never ends."""
    return _equipped(_light(task, plan), plan, EXIT_SECONDS, secret_optional=True)


def sweep_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Configures a task that runs a whole sweep: with the resources of a trial, or those of a coordinator of pods."""
    workers = plan.config.execution.worker_pods
    return _trial_pod(task, plan, sweep_seconds(plan)) if workers is None else _coordinator_pod(task, plan, workers)


def training_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Configures a task that trains one configuration: with the resources and the time limit of a trial on Katib."""
    return _trial_pod(task, plan, training_seconds(plan))


def check_environment(config: SweepConfig) -> None:
    """Rejects values of `resources.environment` that Kubeflow Pipelines, Argo or the kubelet would change.

    Raises:
        ConfigError: there is such a value.
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


def _coordinator_pod(task: dsl.PipelineTask, plan: Plan, workers: KubernetesWorkers) -> dsl.PipelineTask:
    """Configures a task whose trials run in pods that it starts, which share its volume claims or a store with it."""
    if not workers.claims and plan.config.execution.dask.storage is None:
        raise ConfigError(
            "execution.dask.kubernetes.claims: is required in a pipeline: a volume that the sweep's pods share, such as"
            " {sweeps: /sweeps}; or execution.dask.storage, a folder of an object store"
        )
    _light(task, plan).set_container_image(plan.images.train)
    kubernetes.add_pod_label(task, ROLE_LABEL, STEP_ROLE)
    kubernetes.use_field_path_as_env(task, POD_NAME_VARIABLE, "metadata.name")
    for claim, path in (workers.claims or {}).items():
        kubernetes.mount_pvc(task, claim, path)
    return _equipped(task, plan, sweep_seconds(plan))


def _trial_pod(task: dsl.PipelineTask, plan: Plan, seconds: int) -> dsl.PipelineTask:
    """Configures a task with the image of the workload and the resources of a trial."""
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
    """Sets retries, the time limit and the object store of a task."""
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
