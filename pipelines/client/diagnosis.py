"""Diagnoses the pods of a run, before and after its start, if a kubeconfig gives access to the cluster."""

from collections.abc import Mapping

from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.run_pods import (
    RUN_LABEL,
    failed_pods,
    quota_problem,
    retries_as_deployed,
    secret_problem,
    waiting_pods,
)
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig
from pipelines.client.progress import Diagnose
from pipelines.client.runs import Run
from pipelines.plan import Plan
from pipelines.titles import TITLES


def diagnosis(namespace: str) -> Diagnose:
    """Returns a function that explains, in lines, why the pods of a run in this namespace do not start."""

    def lines(run: Run) -> list[str]:
        by_hand = f"kubectl --namespace {namespace} describe pods --selector {RUN_LABEL}={run.run_id}"
        try:
            pods = waiting_pods(connect(namespace=namespace), run.run_id)
        except ClusterError as error:
            return [f"the cluster cannot be asked why ({error})", by_hand]
        found = [f"{TITLES.get(pod.step, pod.step)}: {pod.why} (pod {pod.name})" for pod in pods]
        return found or ["the cluster of the kubeconfig has no such pods", by_hand]

    return lines


def reasons(run: Run, namespace: str) -> list[str]:
    """Returns why steps of a run failed, as their containers said it; nothing where the cluster cannot be asked."""
    try:
        pods = failed_pods(connect(namespace=namespace), run.run_id)
    except ClusterError:
        return []
    return list(dict.fromkeys(f"why: {TITLES.get(pod.step, pod.step)}: {pod.why}" for pod in pods))


def retry_note(namespace: str) -> str:
    """Returns a remark if the cluster may not retry steps as the pipelines expect; "" otherwise, or if unknown."""
    try:
        if retries_as_deployed(connect(namespace=namespace)):
            return ""
    except ClusterError:
        return ""
    return (
        "the workflow controller lacks the defaults of manifests/third-party/kfp/workflow-defaults.yaml: steps that"
        " fail, or whose pods are deleted, may not be tried again"
    )


def lacking(plan: Plan, namespace: str) -> list[str]:
    """Returns what the namespaces lack for the pods of a plan; empty if the cluster cannot be reached."""
    try:
        cluster = connect(namespace=namespace)
        secret = secret_problem(cluster, plan.store.secret, plan.store.key_names) if plan.store.secret else ""
        quota = quota_problem(cluster, _amounts(plan.config.resources))
        trials = connect(namespace=plan.namespace or namespace)
        named = plan.config.resources.secrets if plan.on_katib else ()
        missing = [problem for name in named if (problem := secret_problem(trials, name, ()))]
    except ClusterError:
        return []
    problems = [f"--storage-secret: {secret}: pods that need it would wait forever"] if secret else []
    problems += [f"resources.secrets: {problem}: no trial would start" for problem in missing]
    return [*problems, *([f"resources: {quota}: no pod of a training would start"] if quota else [])]


def _amounts(resources: ResourcesConfig) -> Mapping[str, str]:
    """Returns the resource requests of a trial's pod."""
    gpu = {resources.gpu_resource: str(resources.gpu)} if resources.gpu else {}
    given = {"cpu": resources.cpu, "memory": resources.memory, **gpu}
    return {name: str(amount) for name, amount in given.items() if amount}
