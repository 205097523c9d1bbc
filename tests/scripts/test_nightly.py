"""A night as the workflow runs it: the sweep, its verdict against a reference, and the issue while it is worse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.reports.regression.reference import read_reference
from morphogenetic_engine.sweeps.config_file import read_config

ROOT = Path(__file__).parents[2]
NIGHTLY = sorted((ROOT / "baselines").glob("*.yaml"))
SWEEP = """
sweep_type: latin_hypercube
experiment: {workload: "toy:quadratic"}
parameters: {x: {type: float, low: 0.25, high: 0.35}}
execution: {max_parallel: 1}
optimization: {target_metric: val_acc, n_trials: 3, seed: 1}
"""
GH = """#!/usr/bin/env bash
echo "$@" >>"$CALLS"
case "$1 $2" in
  "issue list") echo "$OPEN" ;;
  "issue create" | "issue comment") cat "${@: -1}" >>"$CALLS" ;;
esac
"""


@pytest.fixture
def project(workplace: Path) -> Path:
    """A project that holds the script, the command, and one nightly sweep."""
    for folder in ("scripts", "baselines", ".venv/bin"):
        (workplace / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts/nightly.sh", workplace / "scripts")
    (workplace / "baselines/toy.yaml").write_text(SWEEP, encoding="utf-8")
    for name in ("morphogenetic", "python"):
        command = f'#!/usr/bin/env bash\nexec {Path(sys.executable).parent / name} "$@"\n'
        script = workplace / ".venv/bin" / name
        script.write_text(command, encoding="utf-8")
        script.chmod(0o755)
    return workplace


def night(project: Path, results: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    command = ["bash", "scripts/nightly.sh", "toy", results]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_night_is_judged_by_the_reference_of_an_earlier_one(project: Path) -> None:
    first = night(project, "results/first")
    assert first.returncode == 4 and "no reference yet" in first.stderr, first.stderr
    assert "MLFLOW_TRACKING_URI is not set: not published" in first.stdout
    words = "sweep baseline --results results/first --sweep-id toy baselines/toy.json"
    subprocess.run([project / ".venv/bin/morphogenetic", *words.split()], cwd=project, check=True)

    again = night(project, "results/first")  # goes on with what is there, and runs nothing twice
    assert again.returncode == 0, again.stderr
    verdicts = project / "results/first/verdicts"
    verdict = json.loads((verdicts / "toy.json").read_text(encoding="utf-8"))
    assert [each["change"] for each in verdict["metrics"] if each["metric"] == "val_acc"] == ["unchanged"]
    assert "sweep toy: no regression" in (verdicts / "toy.md").read_text(encoding="utf-8")
    assert (project / "results/first/toy/report/report.html").exists()


@pytest.mark.parametrize("file", NIGHTLY, ids=lambda path: path.stem)
def test_each_nightly_sweep_has_a_reference_of_its_own_search(file: Path) -> None:
    reference = read_reference(file.with_suffix(".json"))
    assert reference.origin.identity == read_config(file).config.identity
    assert [len(each.values) for each in reference.measurements.metrics if not each.wall_clock] == [16]


def test_the_workflow_runs_every_nightly_sweep() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8"))
    assert sorted(workflow["jobs"]["sweep"]["strategy"]["matrix"]["sweep"]) == [file.stem for file in NIGHTLY]


@pytest.mark.parametrize(
    "change, open_issue, status, called",
    [
        ("unchanged", "", 0, None),
        ("regression", "", 3, "issue create --label nightly-regression"),
        ("regression", "7", 3, "issue comment 7 --body-file"),
    ],
)
def test_one_issue_is_open_while_anything_is_worse(
    change: str, open_issue: str, status: int, called: str | None, tmp_path: Path
) -> None:
    gh, calls = tmp_path / "gh", tmp_path / "calls"
    gh.write_text(GH, encoding="utf-8")
    gh.chmod(0o755)
    calls.touch()
    for name, of in (("spirals", change), ("moons", "improvement")):
        metrics = [{"metric": "val_acc", "change": of}]
        (tmp_path / f"{name}.json").write_text(json.dumps({"metrics": metrics}), encoding="utf-8")
        (tmp_path / f"{name}.md").write_text(f"the verdict of {name}", encoding="utf-8")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "OPEN": open_issue}
    command = ["bash", str(ROOT / "scripts/nightly-issue.sh"), str(tmp_path), "https://example.org/run"]
    assert subprocess.run(command, env=environment, check=False).returncode == status
    said = calls.read_text(encoding="utf-8")
    if called is None:
        assert said == ""
    else:
        assert called in said and "the verdict of spirals\nhttps://example.org/run" in said
        assert "moons" not in said
