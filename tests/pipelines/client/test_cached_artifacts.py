"""A step whose artifacts were deleted is not taken from the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.client.cached_artifacts import cache_generation
from pipelines.client.runs import Run, RunState
from tests.pipelines.client.stub_server import StubServer
from tests.pipelines.test_cli import IMAGES, Ended, run

PIPELINE = "morphogenetic-sweep"
IMAGE = f"registry/train@sha256:{'a' * 64}"


def ended(run_id: str, pipeline: str = PIPELINE, state: RunState = RunState.SUCCEEDED) -> Run:
    return Run(run_id, "one", state, "", pipeline=pipeline)


def keep(root: Path, run_id: str) -> None:
    path = root / PIPELINE / run_id / "train" / "0f" / "model"
    path.parent.mkdir(parents=True)
    path.write_text("model", encoding="utf-8")


def generation(root: Path, *runs: Run) -> tuple[str, list[str]]:
    lines: list[str] = []
    return cache_generation(runs, PIPELINE, str(root), lines.append), lines


def test_where_all_artifacts_are_there_the_cache_goes_on(tmp_path: Path) -> None:
    keep(tmp_path, "run-0")
    others = [ended("run-1", state=RunState.FAILED), ended("run-2", pipeline="morphogenetic-smoke")]
    assert generation(tmp_path, *others, ended("run-0")) == ("", [])
    assert generation(tmp_path) == ("", [])


def test_after_the_artifacts_of_a_run_are_gone_a_new_generation_begins(tmp_path: Path) -> None:
    keep(tmp_path, "run-2")
    found, lines = generation(tmp_path, ended("run-2"), ended("run-1"), ended("run-0"))
    assert found == "run-1"
    assert lines == [f"the artifacts of run run-1 are missing in {tmp_path}: earlier cached steps run again"]


def test_a_store_that_cannot_be_asked_is_said() -> None:
    lines: list[str] = []
    assert cache_generation([ended("run-0")], PIPELINE, "ftp://x", lines.append) == ""
    assert (
        lines[0].startswith("whether the cached artifacts are still there is not known (") and "--no-cache" in lines[0]
    )


def submitted(stub: StubServer, root: Path, image: str = IMAGE) -> Ended:
    words = (
        "submit",
        "--config",
        "examples/smoke.yaml",
        "--host",
        stub.url,
        "--poll",
        "0.01",
        "--artifacts",
        str(root),
    )
    return run(*words, *IMAGES, "--train-image", image)


def generations(stub: StubServer) -> list[str]:
    """Returns the generation that each run's training is cached under."""
    specs = [each["pipeline_spec"]["pipeline_spec"]["components"] for each in stub.runs]
    tasks = [spec["comp-exit-handler-1"]["dag"]["tasks"]["train"] for spec in specs]
    inputs = [task["inputs"]["parameters"]["cache_generation"]["runtimeValue"]["constant"] for task in tasks]
    assert "enableCache" in json.dumps(tasks)
    return [str(each) for each in inputs]


@pytest.mark.slow
def test_a_submit_after_a_bucket_was_emptied_runs_cached_steps_anew_and_caches_them_again(
    stub: StubServer, tmp_path: Path
) -> None:
    submitted(stub, tmp_path)
    keep(tmp_path, "run-0")
    submitted(stub, tmp_path)  # from the cache
    keep(tmp_path, "run-1")
    (tmp_path / PIPELINE / "run-0" / "train" / "0f" / "model").unlink()
    said = submitted(stub, tmp_path)
    keep(tmp_path, "run-2")
    submitted(stub, tmp_path)  # from the cache of the new generation
    assert generations(stub) == ["", "", "run-0", "run-0"]
    assert "# the artifacts of run run-0 are missing in" in said.stderr


def test_where_nothing_is_cached_no_store_is_asked(stub: StubServer) -> None:
    assert submitted(stub, Path("ftp://x"), image="train:1").stderr == ""
    assert submitted(stub, Path("ftp://x"), image="train:1").stderr == ""
