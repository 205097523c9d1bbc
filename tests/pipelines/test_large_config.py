"""A configuration larger than Kubeflow Pipelines' limit is passed through the object store."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml
from pipelines.large_config import with_stored_config
from pipelines.lost_settings import lost_settings
from pipelines.plan import Images, ObjectStore, Pipeline, Plan
from tests.pipelines.client.stub_server import StubServer
from tests.pipelines.test_cli import IMAGES, run
from tests.seaweedfs import BUCKET, running_seaweedfs

LARGE = f"parameters: {{lr: [{', '.join(str(each / 7) for each in range(1, 900))}]}}"


def parsed(text: str) -> SweepConfig:
    return parse_config(parse_yaml(text, where="x"), where="x")


def plan(text: str, store: str) -> Plan:
    return Plan(Pipeline.SWEEP, parsed(text), Images("train:1", "report:1"), ObjectStore(store))


def test_what_is_stored_is_what_a_component_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        stored = with_stored_config(plan(LARGE, f"s3://{BUCKET}/here"))
        again = with_stored_config(plan(LARGE, f"s3://{BUCKET}/here"))
        assert stored.config_text.startswith(f"s3://{BUCKET}/here/configs/") and stored == again
        assert read_parameter(stored.config_text).config == stored.config


@pytest.mark.parametrize(("text", "store"), [("parameters: {lr: [0.1, 0.2]}", "s3://never/asked"), (LARGE, "")])
def test_what_fits_or_has_no_store_is_left_as_it_is(text: str, store: str) -> None:
    assert with_stored_config(plan(text, store)) == plan(text, store)


@pytest.mark.slow
def test_a_store_that_is_no_store_is_one_line_and_starts_nothing(stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(LARGE, encoding="utf-8")
    ended = run(
        "submit", "--config", str(file), "--host", stub.url, *IMAGES, "--storage", "ftp://x", "--storage-secret", ""
    )
    assert (ended.returncode, ended.stdout, stub.runs) == (2, "", [])
    assert ended.stderr.count("\n") == 1 and "and cannot be stored from here: an address must be" in ended.stderr


def test_a_local_folder_holds_a_large_configuration_too(tmp_path: Path) -> None:
    stored = with_stored_config(plan(LARGE, str(tmp_path)))
    assert read_parameter(stored.config_text).config == stored.config


RESOURCES = "parameters: {lr: [0.1]}\nresources: {priority_class: high, secrets: [store], gpu: 1}"


def test_what_pods_of_kubeflow_pipelines_cannot_have_is_said() -> None:
    found = dict(lost_settings(parsed(RESOURCES), Pipeline.SWEEP))
    assert list(found) == ["resources.priority_class", "resources.secrets"]
    assert found["resources.priority_class"].startswith("not for the pods that train the best and the defaults: ")
    assert "the pod of the sweep" in dict(lost_settings(parsed(RESOURCES), Pipeline.LOCAL_SWEEP))["resources.secrets"]


def test_files_of_this_machine_are_not_taken_along_silently() -> None:
    config = parsed("experiment: {inputs: {data_file: data/spirals.npz}}\nparameters: {lr: [0.1]}")
    said = dict(lost_settings(config, Pipeline.LOCAL_SWEEP))
    assert "both images must have data/spirals.npz" in said["experiment.inputs.data_file"]


@pytest.mark.slow
def test_it_is_said_when_a_pipeline_is_compiled(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(RESOURCES, encoding="utf-8")
    ended = run("compile", "--config", str(file), *IMAGES, "--output", str(tmp_path / "pipeline.yaml"))
    assert ended.returncode == 0
    assert ended.stderr.splitlines()[0].startswith(f"# {file}: resources.priority_class: not for the pods that train")
