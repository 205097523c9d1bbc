"""The files of a project that go to workers: what the workload needs, and nothing that is nobody's business."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.files import project
from morphogenetic_engine.backends.dask.files.project import project_of
from morphogenetic_engine.errors import ConfigError
from tests.conftest import WriteConfig

FUNCTION = 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2]}\n'
FILES = ("lib/deep.py", "data/train.bin", ".env", ".git-credentials", "venv/pyvenv.cfg", "venv/lib/big.py")
CACHES = ("lib/__pycache__/deep.pyc", "results/one/trials.csv", ".venv/pyvenv.cfg")


@pytest.fixture(name="folder")
def folder_with_more_than_a_workload(workplace: Path) -> Path:
    for name in (*FILES, *CACHES):
        (workplace / name).parent.mkdir(parents=True, exist_ok=True)
        (workplace / name).write_text("1", encoding="utf-8")
    return workplace


def _names(write_config: WriteConfig, folder: Path, text: str = FUNCTION) -> Sequence[str]:
    return project_of(write_config(text).config, folder, folder / "results").names


def test_without_git_hidden_files_caches_and_environments_are_left_out(folder: Path, write_config: WriteConfig) -> None:
    assert _names(write_config, folder) == ["data/train.bin", "lib/deep.py", "sweep.yaml", "toy.py"]


def test_sweeps_beside_the_workload_are_left_out(folder: Path, write_config: WriteConfig) -> None:
    (folder / "lib/sweep.json").write_text("{}", encoding="utf-8")
    names = project_of(write_config(FUNCTION).config, folder, folder).names
    assert names == ["data/train.bin", "results/one/trials.csv", "sweep.yaml", "toy.py"]


def test_with_git_what_it_ignores_is_left_out(folder: Path, write_config: WriteConfig) -> None:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / ".gitignore").write_text("data/\nvenv/\n__pycache__/\n", encoding="utf-8")
    assert _names(write_config, folder) == ["lib/deep.py", "sweep.yaml", "toy.py"]


def test_inputs_go_along_even_if_git_ignores_them(folder: Path, write_config: WriteConfig) -> None:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    text = FUNCTION.replace("quadratic", "quadratic").replace(
        'quadratic"}', 'quadratic", inputs: {data: data/train.bin}}'
    )
    assert _names(write_config, folder, text) == ["data/train.bin"]


def test_the_sweep_file_may_name_what_is_needed(folder: Path, write_config: WriteConfig) -> None:
    named = f'{FUNCTION}execution: {{dask: {{files: [toy.py, lib, "data/*.bin"]}}}}\n'
    assert _names(write_config, folder, named) == ["data/train.bin", "lib/deep.py", "toy.py"]


def test_an_installed_workload_needs_no_file(folder: Path, write_config: WriteConfig) -> None:
    assert not _names(write_config, folder, "experiment: {problem_type: spirals}\nparameters: {lr: [0.1, 0.2]}\n")


def test_a_link_that_leads_out_of_the_folder_is_left_out(
    folder: Path, write_config: WriteConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "elsewhere").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    (folder / "secret").symlink_to("/etc/passwd")
    assert _names(write_config, folder) == ["data/train.bin", "lib/deep.py", "sweep.yaml", "toy.py"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "away"])
def test_inputs_outside_of_the_folder_are_told(folder: Path, write_config: WriteConfig, path: str) -> None:
    (folder / "away").symlink_to("/etc/passwd")
    text = FUNCTION.replace('quadratic"}', f'quadratic", inputs: {{data: "{path}"}}}}')
    with pytest.raises(ConfigError, match=rf"experiment.inputs.data: {path}: is sent .* must lie in it"):
        _names(write_config, folder, text)


def test_a_program_by_its_absolute_path_is_told_with_the_relative_one(folder: Path, write_config: WriteConfig) -> None:
    text = f'experiment: {{command: [python, "{folder}/lib/deep.py", "{{x}}"]}}\nparameters: {{x: [0.1, 0.2]}}\n'
    with pytest.raises(ConfigError, match=r"experiment.command: .*/lib/deep.py: workers have a copy .* write lib/deep"):
        _names(write_config, folder, text)


def test_a_project_that_is_too_large_is_told_with_its_largest_files(
    folder: Path, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MOST_BYTES", 50_000)
    (folder / "data/train.bin").write_bytes(b"1" * 60_000)
    with pytest.raises(ConfigError, match=r"dask.files: .* at most 50 KB .* the largest are data/train.bin \(60"):
        _names(write_config, folder)
    text = FUNCTION.replace('quadratic"}', 'quadratic", inputs: {data: data/train.bin}}')
    assert "data/train.bin" in _names(write_config, folder, text)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("model.py", "there is no such file"),
        ("/etc/passwd", "there is no such file"),
        ("../*", "must lie in it"),
        ("a**b", "Invalid pattern"),
    ],
)
def test_files_that_cannot_be_sent_are_told(folder: Path, write_config: WriteConfig, name: str, why: str) -> None:
    (folder.parent / "outside").touch()
    with pytest.raises(ConfigError, match=rf"execution.dask.files: .*{why}"):
        _names(write_config, folder, f'{FUNCTION}execution: {{dask: {{files: ["{name}"]}}}}\n')
