"""The contents of the images, and their use with the rights of a pod."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version

import pytest

from tests.waiting import DEADLINE_SECONDS

IMAGES = {name: os.environ.get(f"{name.upper()}_IMAGE", "") for name in ("train", "report")}
pytestmark = pytest.mark.skipif(
    not all(IMAGES.values()), reason="TRAIN_IMAGE or REPORT_IMAGE is not set: make test-images"
)


@pytest.fixture(params=IMAGES)
def image(request: pytest.FixtureRequest) -> str:
    return IMAGES[request.param]


def run(image: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a program with a read-only root file system, without capabilities and without a network."""
    limits = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=none"]
    entry = [f"--entrypoint={words[0]}"] if words else []
    command = ["podman", "run", "--rm", *limits, *entry, image, *words[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE_SECONDS)


def python(image: str, program: str) -> str:
    done = run(image, "python3", "-c", program)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_starts_as_a_user_with_a_number_and_says_what_it_is(image: str) -> None:
    done = run(image)
    assert done.returncode == 0 and done.stdout.startswith("Usage: morphogenetic")
    assert python(image, "import os; print(os.getuid(), os.getgid())") == "10001 10001"


def test_a_step_of_a_pipeline_starts_without_installing_anything(image: str) -> None:
    done = run(image, "sh", "-c", "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --help")
    assert done.returncode == 0 and "--executor_input" in done.stdout
    assert python(image, "import importlib.metadata as m; print(m.version('kfp'))") == version("kfp")


def test_versions_are_those_of_the_lock(image: str) -> None:
    names = ["numpy", "optuna", "obstore", "pydantic", "scikit-learn"]
    found = python(image, f"import importlib.metadata as m; print(*map(m.version, {names}))")
    assert found.split() == [version(name) for name in names]


def test_there_is_no_installer_and_no_secret(image: str) -> None:
    assert run(image, "python3", "-c", "import pip").returncode != 0
    described = subprocess.run(["podman", "image", "inspect", image], check=True, capture_output=True, text=True).stdout
    assert '"org.opencontainers.image.revision"' in described
    assert "SECRET" not in described.upper() and "PASSWORD" not in described.upper()


def test_torch_is_in_one_of_them() -> None:
    find = "import importlib.util as u; print(u.find_spec('torch') is not None)"
    assert [python(image, find) for image in IMAGES.values()] == ["True", "False"]
