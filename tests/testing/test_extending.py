"""The examples of docs/extending.md work as a separately installed package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SWEEP = """
sweep_type: diagonal
experiment: {workload: "program:train"}
parameters: {x: {low: 0.0, high: 1.0}, width: {low: 8, high: 15}}
execution: {max_parallel: 1}
optimization: {n_trials: 4}
"""
CLI = ("morphogenetic_engine.cli.main",)
PROGRAM = "def train(params, trial):\n    return {'val_acc': params['x']}\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Install the example of a sweep type as pip would, and write a sweep beside it."""
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, flags=re.DOTALL):
        assert len(code.splitlines()) < 30, f"{name} of docs/extending.md is too long for an example"
        (tmp_path / name).write_text(code, encoding="utf-8")
    [(group, entry)] = re.findall(r'\[project.entry-points."([\w.]+)"\]\n(.*)\n', page)
    metadata = tmp_path / "diagonal-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: diagonal\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def run(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(ROOT)])}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_an_installed_sweep_type_is_known_everywhere(package: Path) -> None:
    schema = json.loads(run(package, *CLI, "sweep", "schema").stdout)
    assert "diagonal" in schema["properties"]["sweep_type"]["enum"]
    ran = run(package, *CLI, "sweep", "run", "--config", "sweep.yaml", "--sweep-id", "one")
    assert ran.returncode == 0, ran.stderr
    shown = run(package, *CLI, "sweep", "show", "--sweep-id", "one", "--json")
    assert [trial["params"]["x"] for trial in json.loads(shown.stdout)["trials"]] == [0.0, 0.25, 0.5, 0.75]
    told = run(package, *CLI, "sweep", "render", "--to", "katib", "--config", "sweep.yaml", "--image", "a/b:1")
    assert told.returncode == 0 and "algorithmName: grid" in told.stdout, told.stderr


@pytest.mark.slow
def test_the_example_passes_the_conformance_suite(package: Path) -> None:
    ran = run(package, "pytest", "-q", "-p", "no:cacheprovider", "test_diagonal.py")
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^\d+ passed", ran.stdout, flags=re.MULTILINE)
