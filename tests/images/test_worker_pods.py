"""The overlay `workers` applied to a cluster whose pods are containers: a coordinator and its workers, to the table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.emulated_kubernetes import EmulatedKubernetes, controlled
from tests.backends.dask.process_kubelet import rights
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.kubernetes_server import running_server
from tests.conftest import StartSweep
from tests.images.podman_kubelet import PodmanKubelet
from tests.manifests.kustomizations import MANIFESTS, build
from tests.tables import steady_rows
from tests.waiting import until

IMAGE = os.environ.get("TRAIN_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="TRAIN_IMAGE is not set: make test-images")

SWEEP = """
sweep_type: bayesian
experiment: {problem_type: moons, n_samples: 200, hidden_dim: 16, num_layers: 2, warm_up_epochs: 20,
  adaptation_epochs: 5}
parameters: {lr: {type: float, low: 1e-3, high: 3e-2, log: true}}
optimization: {target_metric: val_acc, n_trials: 12, lookahead: 2, sampler: TPE}
"""
PODS = """
execution: {executor: dask, fuse: "off", retries: {crashes: 5}, dask: {interface: lo, kubernetes: {workers: 2}}}
"""
NAMESPACE = "sweeps"


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    """The folder of the volume claim that all pods mount."""
    for each in (tmp_path, *tmp_path.parents[:2]):  # pytest makes them for this user alone
        each.chmod(each.stat().st_mode | 0o755)
    folder = tmp_path / "claim"
    folder.mkdir()
    folder.chmod(0o777)  # the user of pods is another one
    return folder


@pytest.fixture
def kubernetes(tmp_path: Path, claim: Path) -> Iterator[EmulatedKubernetes]:
    """A cluster with the image that was built in the place of that of the overlay."""
    cluster = FakeKubernetes(page=500, allowed=rights(), namespaces={NAMESPACE: {}})
    with running_server(cluster) as server:
        config = server.kubeconfig(tmp_path / "kubeconfig", namespace=NAMESPACE)
        config.chmod(0o644)
        kubelet = PodmanKubelet(
            tmp_path / "pods",
            {"sweeps": claim},
            images={"registry.example/morphogenetic-train:0.1.0": IMAGE},
            environment={"KUBECONFIG": "/etc/kubeconfig"},
            mounts={"/etc/kubeconfig": config},
        )
        with controlled(server, kubelet) as kubernetes:
            yield kubernetes


def apply(kubernetes: EmulatedKubernetes, sweep: str) -> None:
    """Applies the overlay with another sweep file."""
    for each in build(MANIFESTS / "overlays" / "workers"):
        manifest: Any = each
        if manifest["kind"] == "ConfigMap":
            manifest["data"]["sweep.yaml"] = sweep
        kubernetes.cluster.put(f"{manifest['kind'].lower()}s", NAMESPACE, manifest)


def coordinator(kubernetes: EmulatedKubernetes) -> dict[str, int]:
    """Returns the status of the coordinator's Job."""
    job: Any = kubernetes.cluster.get("jobs", NAMESPACE, "coordinator")
    status: dict[str, int] = job.get("status", {})
    return status


def ended(folder: SweepFolder) -> int:
    return folder.journal.read_text(encoding="utf-8").count('"trial_ended"') if folder.journal.exists() else 0


def test_a_coordinator_and_two_workers_have_the_local_table_and_leave_nothing(
    kubernetes: EmulatedKubernetes, claim: Path, start: StartSweep
) -> None:
    local = start(f'{SWEEP}execution: {{max_parallel: 2, fuse: "off", threads_per_trial: 1}}\n')
    run_sweep(local)
    apply(kubernetes, SWEEP + PODS)
    sweep = SweepFolder(claim / "sweep")
    until(lambda: ended(sweep) >= 3, "three trials")
    assert len(kubernetes.pods()) == 2
    kubernetes.delete_pod(kubernetes.pods()[0])
    until(lambda: coordinator(kubernetes).keys() & {"succeeded", "failed"}, "the end of the sweep")
    assert coordinator(kubernetes) == {"succeeded": 1}, said(kubernetes)
    assert untimed(sweep) == untimed(local)
    assert kubernetes.left() == []
    starts = [(event.trial, event.attempt) for event in read_events(sweep.journal) if isinstance(event, TrialStarted)]
    assert len(starts) == len(set(starts))


def test_a_trial_in_a_warm_pod_costs_less_than_a_second(kubernetes: EmulatedKubernetes, claim: Path) -> None:
    """Also: a workload of the user's own, in the volume."""
    shutil.copy(Path(__file__).parents[1] / "toy.py", claim / "toy.py")
    space = 'sweep_type: random\nexperiment: {workload: "toy:quadratic"}\nparameters: {x: {low: 0.0, high: 1.0}}\n'
    apply(kubernetes, f"{space}optimization: {{n_trials: 200, lookahead: 2}}\n{PODS}")
    until(lambda: coordinator(kubernetes).keys() & {"succeeded", "failed"}, "the end of the sweep")
    assert coordinator(kubernetes) == {"succeeded": 1}, said(kubernetes)
    found = list(read_events(SweepFolder(claim / "sweep").journal))
    begun = min(event.time for event in found if isinstance(event, TrialStarted))
    last = max(event.time for event in found if isinstance(event, TrialEnded))
    seconds = (last - begun) / 200 * 2
    print(f"\na trial in one of two warm pods: {seconds:.3f} s")
    assert seconds < 1


def test_workers_end_when_the_pod_of_their_coordinator_is_deleted(kubernetes: EmulatedKubernetes, claim: Path) -> None:
    apply(kubernetes, SWEEP.replace("n_trials: 12", "n_trials: 1000") + PODS)
    sweep = SweepFolder(claim / "sweep")
    until(lambda: ended(sweep) >= 1, "a trial")
    (pod,) = kubernetes.pods("coordinator")
    kubernetes.delete_pod(pod)
    until(lambda: kubernetes.left() == [] and not kubernetes.pods("coordinator"), "no pods")


def said(kubernetes: EmulatedKubernetes) -> str:
    """Returns what the coordinator left at its end."""
    pod: Any = kubernetes.cluster.get("pods", NAMESPACE, kubernetes.pods("coordinator")[0])
    return yaml.safe_dump(pod["status"])


def untimed(folder: SweepFolder) -> list[dict[str, str]]:
    """Returns the trial table without the time that the engine measures."""
    return [{key: value for key, value in row.items() if key != "runtime"} for row in steady_rows(folder)]
