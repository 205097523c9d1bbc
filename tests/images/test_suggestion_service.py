"""The image of the suggestion service, with the rights and the memory of its pod on a cluster."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import numbered_name
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service.request import Reply
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from tests.backends.katib.service.simulated_katib import NAMESPACE, experiment_request
from tests.backends.katib.service.test_equal_trials import PLAIN, SWEEPS, sweep
from tests.backends.katib.service.test_server import ask
from tests.seaweedfs import free_ports
from tests.waiting import DEADLINE_SECONDS

IMAGE = os.environ.get("SUGGESTION_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="SUGGESTION_IMAGE is not set: make test-images")

MEMORY_MB = 256
READY_SECONDS = 5.0
TRIALS = 200


@dataclass(frozen=True)
class Service:
    """A container in which the service is ready."""

    container: str
    port: int

    def read(self, file: str) -> str:
        """Returns a file of the container's /proc."""
        return podman("exec", self.container, "cat", file)

    @property
    def most_memory_mb(self) -> float:
        """The most memory that the service had."""
        (line,) = (each for each in self.read("/proc/1/status").splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def podman(*words: str) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)
    assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def service() -> Iterator[Service]:
    port = free_ports()["s3"]
    limits = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", f"--memory={MEMORY_MB}m"]
    options = ["--detach", "--network=host", f"--env=MORPHOGENETIC_NAMESPACE={NAMESPACE}", *limits]
    container = podman("run", *options, IMAGE, "--host", "127.0.0.1", "--port", str(port))
    try:
        _wait_until_ready(container)
        yield Service(container, port)
    finally:
        podman("rm", "--force", container)


def _wait_until_ready(container: str) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while "ready on" not in podman("logs", container):
        assert podman("inspect", "--format={{.State.Running}}", container) == "true", podman("logs", container)
        assert time.monotonic() < end, "the service is not ready"


def test_it_is_ready_soon_as_a_user_without_rights_and_without_an_installer(service: Service) -> None:
    user, system = map(int, service.read("/proc/1/stat").rpartition(")")[2].split()[11:13])
    # CPU time, which does not depend on what else this machine does.
    assert (user + system) / os.sysconf("SC_CLK_TCK") < READY_SECONDS
    assert "Uid:\t10001\t10001\t10001\t10001" in service.read("/proc/1/status")
    find = "import importlib.util as u; print(*(u.find_spec(each) is not None for each in ('pip', 'torch')))"
    assert podman("exec", service.container, "python", "-c", find) == "False False"


def test_it_suggests_the_points_of_a_local_design(service: Service) -> None:
    config = SWEEPS["grid"].config
    request = experiment_request(SentSweep(config, 2), "probe", 2, 20)
    answer = ask(service.port, {**request, "current_request_number": 2, "total_request_number": 2})
    assert isinstance(answer, Reply)
    points = design_of(config)
    assert [(each.name, dict(each.assignments)) for each in answer.trials] == [
        (
            numbered_name("probe", NAMESPACE, number),
            exact_assignments(config, number, points.suggest(number, NOTHING_EARLIER)),
        )
        for number in range(2)
    ]


def test_it_suggests_after_hundreds_of_trials_within_its_memory(service: Service) -> None:
    config = sweep("bayesian", PLAIN, sampler="TPE", n_trials=TRIALS + 4).config
    points = design_of(sweep("random", PLAIN, n_trials=TRIALS).config)
    trials = []
    for number in range(TRIALS):
        values = exact_assignments(config, number, points.suggest(number, NOTHING_EARLIER)).items()
        metrics = [{"name": "loss", "value": repr(1 / (number + 1))}]
        trials.append(
            {
                "name": numbered_name("probe", NAMESPACE, number),
                "spec": {"parameter_assignments": {"assignments": [{"name": n, "value": v} for n, v in values]}},
                "status": {"condition": "SUCCEEDED", "observation": {"metrics": metrics}},
            }
        )
    request = experiment_request(SentSweep(config, 4), "probe", 4, TRIALS + 4)
    wanted = {"trials": trials, "current_request_number": 4, "total_request_number": TRIALS + 4}
    answer = ask(service.port, {**request, **wanted})
    assert isinstance(answer, Reply) and len(answer.trials) == 4
    assert service.most_memory_mb < MEMORY_MB


def test_sigterm_ends_it_with_status_0(service: Service) -> None:
    podman("stop", "--time=60", service.container)
    assert podman("inspect", "--format={{.State.ExitCode}}", service.container) == "0"
