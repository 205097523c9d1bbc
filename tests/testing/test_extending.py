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
    """Installs the examples as pip would, as one package, and writes a sweep beside it."""
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, flags=re.DOTALL):
        assert len(code.splitlines()) < 30, f"{name} of docs/extending.md is too long for an example"
        (tmp_path / name).write_text(code, encoding="utf-8")
    points = re.findall(r'\[project.entry-points."([\w.]+)"\]\n(.*)\n', page)
    metadata = tmp_path / "examples-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: examples\nVersion: 1.0\n")
    groups = [f"[{group}]\n{entry.replace(chr(34), '')}\n" for group, entry in points]
    (metadata / "entry_points.txt").write_text("\n".join(groups))
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


CLIMB = """
sweep_type: bayesian
experiment: {workload: "reporting:train"}
parameters: {x: {low: 0.0, high: 1.0}, rule: [a, b], width: {low: 8, high: 15, when: {rule: a}}}
execution: {max_parallel: 1}
optimization: {sampler: climb, pruner: behind, pruner_options: {slack: 0.05}, n_trials: 12, lookahead: 1}
"""
REPORTING = """
def train(params, trial):
    for step in range(3):
        trial.report(step, {"val_acc": params["x"] * (step + 1) / 3})
    return {"val_acc": params["x"]}
"""


@pytest.mark.slow
def test_an_installed_sampler_and_pruner_learn_from_earlier_trials(package: Path) -> None:
    (package / "climb.yaml").write_text(CLIMB)
    (package / "reporting.py").write_text(REPORTING)
    morphogenetic(package, "sweep", "run", "--config", "climb.yaml", "--sweep-id", "one")
    trials = json.loads(morphogenetic(package, "sweep", "show", "--sweep-id", "one", "--json"))["trials"]
    best_before = [max(trial["params"]["x"] for trial in trials[:number]) for number in range(1, len(trials))]
    assert all(abs(trial["params"]["x"] - best) < 0.5 for trial, best in zip(trials[1:], best_before, strict=True))
    assert {trial["state"] for trial in trials} == {"complete", "pruned"}


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["test_diagonal.py", "test_climb.py"])
def test_the_example_passes_the_conformance_suite(suite: str, package: Path) -> None:
    ran = run(package, "pytest", "-q", "-p", "no:cacheprovider", suite)
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^\d+ passed", ran.stdout, flags=re.MULTILINE)


GRID = """
experiment: {workload: "program:train"}
parameters: {x: [0.1, 0.4, 0.2]}
execution: {max_parallel: 1, executor: inline}
tracking: {sinks: {paper: paper.txt}}
"""
STATES = {"0": "complete", "1": "complete", "2": "complete"}


def morphogenetic(package: Path, *arguments: str) -> str:
    ran = run(package, *CLI, *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_an_installed_executor_sink_section_and_store_work_together(package: Path) -> None:
    (package / "grid.yaml").write_text(GRID)
    morphogenetic(package, "sweep", "run", "--config", "grid.yaml", "--sweep-id", "one")
    assert "3 trials sent to paper.txt" in morphogenetic(package, "sweep", "publish", "--sweep-id", "one")
    assert json.loads((package / "paper.txt").read_text()) == STATES
    summary = json.loads(morphogenetic(package, "report", "summary", "--sweep-id", "one", "--json"))
    assert summary["spread"] == {"from": 0.1, "to": 0.4}
    shelf = f"shelf://{package / 'shelf'}"
    morphogenetic(package, "report", "export", "--sweep-id", "one", "--format", "csv", "--to", shelf)
    assert list((package / "shelf").rglob("*.csv"))


@pytest.mark.slow
def test_an_installed_delegate_runs_a_sweep(package: Path) -> None:
    (package / "grid.yaml").write_text(GRID)
    to = ("--to", "elsewhere")
    assert morphogenetic(package, "sweep", "render", "--config", "grid.yaml", *to) == GRID
    morphogenetic(package, "sweep", "submit", "--config", "grid.yaml", "--name", "one", *to)
    shown = morphogenetic(package, "sweep", "collect", "--experiment", "one", *to)
    assert "finished: 3 complete of 3 trials" in shown
    info = json.loads((package / "results/sweeps/one/sweep.json").read_text())
    assert (info["origin"]["delegate"], info["origin"]["kind"]) == ("elsewhere", "Folder")
    without = run(package, *CLI, "sweep", "render", "--config", "grid.yaml")
    assert without.returncode == 2 and "must be given, since there are several: katib, elsewhere" in without.stderr
