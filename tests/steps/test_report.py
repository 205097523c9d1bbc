"""The pages of a pipeline: the sweep, the trained models, and how a run ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.steps.evaluation import evaluation_of
from morphogenetic_engine.steps.evaluation_file import write_evaluation
from morphogenetic_engine.steps.failure_report import failure_report
from morphogenetic_engine.steps.local_sweep import local_sweep
from morphogenetic_engine.steps.report import report
from morphogenetic_engine.storage import open_store
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
        parsed(TOY).canonical_json, run_id="run-1", storage=storage, sweep=str(results), trials=str(results / "t.csv")
    )
    return results


def test_the_report_is_the_page_of_the_sweep_with_the_evaluation(swept: Path, tmp_path: Path, trained: Trained) -> None:
    folder, _ = trained()
    evaluation = tmp_path / "evaluation.json"
    write_evaluation(evaluation, evaluation_of(folder, trained(lr=1e-3, hidden_dim=4)[0]))
    page, storage = tmp_path / "out" / "page.html", str(tmp_path / "store")
    address = report(str(swept), str(evaluation), page=str(page), run_id="run-1", storage=storage)
    text = page.read_text(encoding="utf-8")
    assert text.index('id="best"') < text.index('id="evaluation"') < text.index('id="trials"')
    for said in ("Sweep report", "Confusion matrix of the test split", "the sweep&#39;s defaults", "ROC curve"):
        assert said in text
    assert Path(address).read_text(encoding="utf-8") == text
    assert open_store(storage).read_bytes("reports/run-1/evaluation.json") == evaluation.read_bytes()


def test_a_folder_without_a_sweep_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^report: .*: holds no sweep; it must be the output of the component"):
        report(str(tmp_path), None, page=str(tmp_path / "page.html"), run_id="run-1", storage="")


def failed(workplace: Path, state: str = "FAILED", storage: str = "store", run_id: str = "run-1") -> tuple[str, str]:
    page = workplace / "out" / "page.html"
    kept = str(workplace / storage) if storage else ""
    address = failure_report(state, "out of <memory>", page=str(page), run_id=run_id, storage=kept)
    return address, page.read_text(encoding="utf-8")


def test_after_a_failure_the_kept_sweep_is_reported(swept: Path) -> None:
    address, page = failed(swept.parent)
    assert Path(address).read_text(encoding="utf-8") == page
    assert "The pipeline ended: FAILED" in page and "out of &lt;memory&gt;" in page
    assert page.index('id="ending"') < page.index('id="findings"') < page.index('id="best"')


def test_a_damaged_sweep_does_not_keep_the_failure_from_being_reported(
    swept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next((swept.parent / "store").rglob("sweep.json")).write_text("{}", encoding="utf-8")
    address, page = failed(swept.parent)
    assert "The pipeline ended: FAILED" in page and "The sweep as far as it came is in" in page
    assert Path(address).read_text(encoding="utf-8") == page
    assert "the kept sweep cannot be read: " in capsys.readouterr().out


@pytest.mark.parametrize("run_id", ["another", "run-1"])
def test_a_failure_before_the_first_trial(tmp_path: Path, run_id: str) -> None:
    address, page = failed(tmp_path, run_id=run_id)
    assert address.endswith(f"reports/{run_id}/index.html") and "No sweep was kept" in page


def test_a_run_that_succeeded_keeps_its_report(swept: Path) -> None:
    storage = str(swept.parent / "store")
    address = report(str(swept), None, page=str(swept.parent / "page.html"), run_id="run-1", storage=storage)
    before = Path(address).read_bytes()
    none, page = failed(swept.parent, state="SUCCEEDED")
    assert none == "" and "The report is that of the task" in page
    assert Path(address).read_bytes() == before
