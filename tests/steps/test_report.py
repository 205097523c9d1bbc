"""The pages of a pipeline: the sweep, the trained models, and the end of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morphogenetic_engine.steps.evaluation import evaluation_of
from morphogenetic_engine.steps.failure_report import failure_report
from morphogenetic_engine.steps.kept.end_report import report_interruption
from morphogenetic_engine.steps.local_sweep import local_sweep
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd
from morphogenetic_engine.steps.report import report
from morphogenetic_engine.steps.sweep_outputs import Places
from morphogenetic_engine.steps.trained.evaluation_file import write_evaluation
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from tests.pipelines.test_cli import run
from tests.steps.conftest import Trained, parsed

TOY = """
experiment: {workload: "toy:quadratic"}
parameters: {x: [0.1, 0.7, 0.3]}
execution: {max_parallel: 1}
"""


@pytest.fixture
def swept(importable: Path) -> Path:
    """A results folder with a small sweep, which the folder `store` keeps as run-1."""
    results = importable / "swept"
    storage = str(importable / "store")
    local_sweep(
        parsed(TOY).canonical_json,
        run_id="run-1",
        name="toy",
        storage=storage,
        compiled_for="",
        places=Places(str(results), str(results / "t.csv"), str(results / "t.md")),
    )
    return results


def test_the_report_is_the_page_of_the_sweep_with_the_evaluation(swept: Path, tmp_path: Path, trained: Trained) -> None:
    folder, _ = trained()
    evaluation = tmp_path / "evaluation.json"
    write_evaluation(evaluation, evaluation_of(folder, trained(lr=1e-3, hidden_dim=4)[0]))
    page, storage = tmp_path / "out" / "page.html", str(tmp_path / "store")
    address = report(str(swept), str(evaluation), page=str(page), run_id="run-1", name="toy", storage=storage)
    text = page.read_text(encoding="utf-8")
    assert text.index('id="best"') < text.index('id="evaluation"') < text.index('id="trials"')
    for said in ("Sweep report", "Confusion matrix of the test split", "the sweep&#39;s defaults", "ROC curve"):
        assert said in text
    assert Path(address).read_text(encoding="utf-8") == text
    assert json.loads(open_store(storage).read_bytes("reports/run-1/evaluation.json")) == json.loads(
        evaluation.read_bytes()
    )


def test_a_page_says_whose_it_is_and_where_its_sweep_is_and_names_no_path_of_a_pod(
    swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = str(tmp_path / "store")
    report(str(swept), None, page=str(tmp_path / "page.html"), run_id="run-1", name="spirals", storage=storage)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>spirals</h1>" in text and "<code>run-1</code>" in text
    assert f"{storage}/sweeps/run-1" in text and f"python -m pipelines fetch run-1 --storage {storage}" in text
    assert "morphogenetic trial run --config results/sweeps/run-1 --number" in text and str(swept) not in text
    monkeypatch.chdir(tmp_path)
    assert run("fetch", "run-1", "--storage", storage, "--results", str(tmp_path / "fetched")).returncode == 0
    assert read_result(SweepFolder(tmp_path / "fetched" / "run-1")).best is not None
    assert (
        "exists already" in run("fetch", "run-1", "--storage", storage, "--results", str(tmp_path / "fetched")).stderr
    )
    assert "holds no sweep" in run("fetch", "run-9", "--storage", storage, "--results", str(tmp_path)).stderr


def test_a_folder_without_a_sweep_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^report: .*: holds no sweep; it must be the output of the component"):
        report(str(tmp_path), None, page=str(tmp_path / "page.html"), run_id="run-1", name="toy", storage="")


def failed(workplace: Path, state: str = "FAILED", storage: str = "store", run_id: str = "run-1") -> tuple[str, str]:
    page = workplace / "out" / "page.html"
    kept = str(workplace / storage) if storage else ""
    end = RunEnd(PipelineRun(run_id, "toy", kept), state, "out of <memory>")
    address = failure_report(end, namespace=None, page=str(page))
    return address, page.read_text(encoding="utf-8")


def test_after_a_failure_the_kept_sweep_is_reported(swept: Path) -> None:
    address, page = failed(swept.parent)
    assert Path(address).read_text(encoding="utf-8") == page
    assert "The pipeline failed (FAILED)" in page and "out of &lt;memory&gt;" in page
    assert page.index('id="ending"') < page.index('id="findings"') < page.index('id="best"')


def test_a_damaged_sweep_does_not_keep_the_failure_from_being_reported(
    swept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next((swept.parent / "store").rglob("sweep.json")).write_text("{}", encoding="utf-8")
    address, page = failed(swept.parent)
    assert "The pipeline failed (FAILED)" in page and "The sweep as far as it came is in" in page
    assert Path(address).read_text(encoding="utf-8") == page
    assert "the kept sweep cannot be read: " in capsys.readouterr().out


@pytest.mark.parametrize("run_id", ["another", "run-1"])
def test_a_failure_before_the_first_trial(tmp_path: Path, run_id: str) -> None:
    address, page = failed(tmp_path, run_id=run_id)
    assert address.endswith(f"reports/{run_id}/index.html") and "No sweep was kept" in page


@pytest.mark.parametrize("state", ["SUCCEEDED", "COMPLETE", "CACHED"])
def test_a_run_that_succeeded_keeps_its_report(swept: Path, state: str) -> None:
    """A real server says COMPLETE to its exit task, never SUCCEEDED."""
    storage = str(swept.parent / "store")
    page_file = str(swept.parent / "page.html")
    address = report(str(swept), None, page=page_file, run_id="run-1", name="toy", storage=storage)
    before = Path(address).read_bytes()
    none, page = failed(swept.parent, state=state)
    assert none == "" and "the report is that of the task" in page and f"{storage}/reports/run-1/index.html" in page
    assert Path(address).read_bytes() == before


@pytest.mark.parametrize("state", ["RUNNING", "CANCELED", "UNKNOWN"])
def test_a_run_that_was_stopped_is_not_said_to_have_failed(swept: Path, state: str) -> None:
    """A real server says RUNNING where the run was terminated, or the pod of a step deleted."""
    address, page = failed(swept.parent, state=state)
    assert f"The pipeline was stopped ({state})." in page and "The pipeline failed" not in page
    assert Path(address).read_text(encoding="utf-8") == page


def test_without_credentials_the_exit_task_still_shows_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Secret may be the very thing that is wrong; a run whose exit task fails or waits is never done."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    end = RunEnd(PipelineRun("run-1", "toy", "s3://bucket/here"), "FAILED", "")
    page = tmp_path / "page.html"
    assert failure_report(end, namespace=None, page=str(page)) == ""
    assert "The pipeline failed (FAILED)." in page.read_text(encoding="utf-8")
    assert "the store cannot be used: " in capsys.readouterr().out


def test_the_report_of_an_interrupted_sweep_does_not_change_how_its_step_ends(
    swept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = SweepFolder(swept / "run-1")
    storage = swept.parent / "interrupted"
    report_interruption(PipelineRun("run-1", "toy", str(storage)), folder)
    page = (storage / "reports" / "run-1" / "index.html").read_text(encoding="utf-8")
    assert "The pipeline was stopped (the pod of the sweep was ended)." in page and 'id="best"' in page
    report_interruption(PipelineRun("run-1", "toy", ""), folder)
    assert capsys.readouterr().out == ""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    for storage_address, said in (("s3://bucket/folder", "the report cannot be kept: "), ("ftp://x", "no report of ")):
        report_interruption(PipelineRun("run-1", "toy", storage_address), folder)
        assert capsys.readouterr().out.startswith(said)
