"""The pipeline of dvc.yaml, in a repository of its own: the stages that run again, and the storage of versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FILES = [
    *["dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", ".dvc/config", ".dvc/.gitignore"],
    "examples/versioned_data.yaml",
]

Run = Callable[..., str]


@pytest.fixture(scope="module")
def s3() -> Iterator[SeaweedServer]:
    with running_seaweedfs() as server:
        yield server


@pytest.fixture(scope="module")
def environment(s3: SeaweedServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user's: nothing of this machine's DVC or git, the project's commands, the keys of the store."""
    home = tmp_path_factory.mktemp("home")
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        **s3.environment,
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def call(project: Path, environment: dict[str, str]) -> Run:
    """Runs a program in the project, or in a copy of it, and returns what it printed."""

    def run(*command: str, place: Path = project) -> str:
        ran = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


@pytest.fixture(scope="module", autouse=True)
def first_run(call: Run) -> str:
    """The project is a repository, and its pipeline has run once."""
    call("git", "init", "--quiet")
    call("git", "add", ".")
    call("git", "commit", "--quiet", "--message", "begin")
    printed = call("dvc", "repro")
    call("git", "add", "dvc.lock")
    call("git", "commit", "--quiet", "--message", "first results")
    return printed


def test_the_pipeline_runs_from_the_data_to_the_report(project: Path, first_run: str) -> None:
    assert first_run.count("Running stage") == 3
    for name in ("data/spirals.npz", "results/dvc/report/report.html", "results/dvc/versioned/journal.jsonl"):
        assert (project / name).is_file()


def test_nothing_runs_again_while_nothing_changes(call: Run) -> None:
    assert "up to date" in call("dvc", "repro")


def test_metrics_and_plots_are_those_of_the_best_trial(project: Path, call: Run) -> None:
    shown = json.loads(call("dvc", "metrics", "show", "--json"))
    metrics = shown[""]["data"]["results/dvc/report/metrics.json"]["data"]
    assert 0.5 < metrics["best"]["val_acc"] <= 1.0
    assert metrics["trials"] == {"complete_trials": 4}
    assert "file://" in call("dvc", "plots", "show", "--out", "plots")
    page = (project / "plots" / "index.html").read_text(encoding="utf-8")
    assert "Validation accuracy of the best trial" in page and "results_dvc_report_learning_curve_csv" in page


def test_versions_go_to_an_object_store_and_come_back(
    project: Path, call: Run, s3: SeaweedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("dvc", "remote", "add", "--local", "--default", "store", f"s3://{BUCKET}/dvc")
    call("dvc", "push")
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    assert len(open_store(f"s3://{BUCKET}/dvc").list()) > 5
    data, table = (project / "data/spirals.npz"), (project / "results/dvc/versioned/trials.csv")
    before = data.read_bytes(), table.read_bytes()
    shutil.rmtree(project / ".dvc/cache")
    shutil.rmtree(project / "results/dvc/versioned")
    data.unlink()
    call("dvc", "pull")
    assert (data.read_bytes(), table.read_bytes()) == before
    assert "up to date" in call("dvc", "repro")


def test_a_changed_search_runs_anew_and_the_old_sweep_stays(project: Path, tmp_path: Path, call: Run) -> None:
    place = Path(shutil.copytree(project, tmp_path / "copy", symlinks=True))
    file = place / "examples/versioned_data.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("[32, 64]", "[16]"), encoding="utf-8")
    printed = call("dvc", "repro", place=place)
    assert "Stage 'data' didn't change, skipping" in printed and "[2/2]" in printed
    new, old = sorted((place / "results/dvc").glob("versioned*"))
    before = SweepFolder(old).read_info()
    assert (new.name, before.sweep_id) == ("versioned", old.name)
    assert before.config.space.axes["hidden_dim"].grid() == (32, 64)
    changed = json.loads(call("dvc", "metrics", "diff", "--json", place=place))
    trials = changed["results/dvc/report/metrics.json"]["trials.complete_trials"]
    assert (trials["old"], trials["new"]) == (4, 2)


def test_dvc_tells_nobody(project: Path) -> None:
    assert "analytics = false" in (project / ".dvc/config").read_text(encoding="utf-8")
