"""`morphogenetic sweep render`, and `sweep check --for katib`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Command
from tests.manifests.kustomizations import KUBECTL

GRID = 'experiment: {workload: "toy:nothing"}\nparameters: {x: [1e-5, 0.7]}\nresources: {image: "r/train:1"}\n'


@pytest.fixture(autouse=True)
def sweep_file(workplace: Path) -> Path:
    path = workplace / "sweep.yaml"
    path.write_text(GRID, encoding="utf-8")
    return path


def test_what_is_printed_is_what_kubectl_reads_and_what_is_lost_goes_elsewhere(command: Command) -> None:
    ran = command(
        *"sweep render --config sweep.yaml --to katib --name mine --namespace ml --gpu 2 --parallel 2".split()
    )
    assert ran.status == 0
    kubectl = [str(KUBECTL), "annotate", "--local", "-f", "-", "a=b", "-o", "json"]
    read = json.loads(subprocess.run(kubectl, input=ran.out, text=True, capture_output=True, check=True).stdout)
    assert (read["metadata"]["name"], read["metadata"]["namespace"]) == ("mine", "ml")
    assert read["spec"]["parallelTrialCount"] == 2
    assert read["spec"]["parameters"][0]["feasibleSpace"]["list"] == ["1e-05", "0.7"]
    container = read["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "r/train:1" and container["resources"]["limits"] == {"nvidia.com/gpu": "2"}
    assert all(line.startswith("# sweep.yaml: ") for line in ran.err.splitlines())


def test_a_folder_of_files_is_a_document_each(command: Command, workplace: Path) -> None:
    (workplace / "files").mkdir()
    for name in ("a", "b"):
        (workplace / f"files/{name}.yaml").write_text(GRID)
    documents = list(yaml.safe_load_all(command(*"sweep render --config files --to katib".split()).out))
    assert [document["metadata"]["name"][:2] for document in documents] == ["a-", "b-"]


def test_one_file_that_katib_cannot_run_and_nothing_is_printed(command: Command, workplace: Path) -> None:
    (workplace / "files").mkdir()
    (workplace / "files/a.yaml").write_text(GRID)
    (workplace / "files/b.yaml").write_text(GRID + "sweep_type: progressive\n")
    ran = command(*"sweep render --config files --to katib".split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("morphogenetic: files/b.yaml: sweep_type: progressive cannot run on Katib")


def test_check_says_what_katib_does_not_do(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text(GRID.replace("1e-5", "1") + "execution: {early_stopping: {patience: 2}}\n")
    ran = command(*"sweep check --config sweep.yaml --watch 0 --for katib".split())
    assert "katib: execution.early_stopping.patience: Katib does not stop sweeps without progress" in ran.out
    (found,) = json.loads(command(*"sweep check --config sweep.yaml --watch 0 --for katib --json".split()).out)
    assert "execution.early_stopping.patience" in {loss["key"] for loss in found["losses"]}
    assert "katib" not in command(*"sweep check --config sweep.yaml --watch 0".split()).out


def test_check_refuses_what_would_mean_something_else(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text(GRID + "sweep_type: progressive\n")
    ran = command(*"sweep check --config sweep.yaml --watch 0 --for katib".split())
    assert ran.status == 2 and "progressive cannot run on Katib" in ran.err
