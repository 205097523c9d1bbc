"""What the pods of a pipeline's tasks ask for: images, resources, credentials."""

from kfp import dsl, kubernetes

from morphogenetic_engine.backends.katib.render.job_template import deadline_seconds
from pipelines.plan import Plan

LIGHT_CPU, LIGHT_MEMORY = ("100m", "2"), ("256Mi", "2Gi")
"""Requests and limits of tasks that train nothing."""


def light_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task run on the small image, with what a little computing needs."""
    task.set_container_image(plan.images.report)
    task.set_cpu_request(LIGHT_CPU[0]).set_cpu_limit(LIGHT_CPU[1])
    task.set_memory_request(LIGHT_MEMORY[0]).set_memory_limit(LIGHT_MEMORY[1])
    return _equipped(task, plan)


def trial_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
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
    return _equipped(task, plan)


def training_pod(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task train one configuration: on the pod of a trial, and no longer than a trial on Katib may take."""
    return kubernetes.set_timeout(trial_pod(task, plan), deadline_seconds(plan.config))


def _equipped(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Let a task be tried again, and reach the object store."""
    if plan.retries:
        task.set_retry(plan.retries, backoff_duration="10s", backoff_factor=2, backoff_max_duration="300s")
    store = plan.store
    if store.endpoint:
        task.set_env_variable("AWS_ENDPOINT_URL", store.endpoint)
    if store.region:
        task.set_env_variable("AWS_REGION", store.region)
    if store.secret:
        access, secret = store.key_names
        keys = {access: "AWS_ACCESS_KEY_ID", secret: "AWS_SECRET_ACCESS_KEY"}
        kubernetes.use_secret_as_env(task, secret_name=store.secret, secret_key_to_env=keys)
    return task
