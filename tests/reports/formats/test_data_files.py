"""CSV and Parquet hold every value, typed, and no text can become a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.reports.export import WRITERS, export
from morphogenetic_engine.reports.formats.data_files import trial_columns, trial_rows
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.reports.sweeps import sweep, trial

HOSTILE = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "plain", '</script>"', "é😀"]


@pytest.fixture
def folder(start: StartSweep) -> Iterator[SweepFolder]:
    folder = start(
        "sweep_type: grid\n"
        'experiment: {workload: "toy:quadratic"}\n'
        "parameters: {x: [0.1, 0.5, -2.0], name: ['=1+1', plain]}\n"
    )
    run_sweep(folder)
    yield folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_holds_every_trial_and_every_epoch(folder: SweepFolder, tmp_path: Path) -> None:
    files = export(ReportedSweep(folder), ["csv"], tmp_path / "out")
    assert [path.name for path in files] == ["trials.csv", "epochs.csv"]
    trials, epochs = map(rows, files)
    assert (len(trials), len(epochs)) == (6, 18)
    assert {row["name"] for row in trials} == {"'=1+1", "plain"}
    assert {row["x"] for row in trials} == {"0.1", "0.5", "-2.0"}
    assert [row["step"] for row in epochs[:3]] == ["0", "1", "2"]
    last = epochs[0]["val_acc"]
    assert float(last) == pytest.approx(3 * float(trials[0]["val_acc"]))


def test_parquet_holds_the_same_values_typed(folder: SweepFolder, tmp_path: Path) -> None:
    trials, epochs = (parquet.read_table(path) for path in export(ReportedSweep(folder), ["parquet"], tmp_path))
    written = rows(export(ReportedSweep(folder), ["csv"], tmp_path)[0])
    assert [repr(value) for value in trials["val_acc"].to_pylist()] == [row["val_acc"] for row in written]
    assert str(trials.schema.field("x").type) == "double"
    assert trials["name"].to_pylist()[0] == "=1+1"
    assert (trials.num_rows, epochs.num_rows) == (6, 18)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_can_be_a_formula(text: str, tmp_path: Path) -> None:
    from morphogenetic_engine.reports.formats.data_files import csv_text  # pylint: disable=import-outside-toplevel

    result = sweep([trial(0, {"name": text}, 0.5, message=text)], {"name": [text, "other"]})
    path = tmp_path / "trials.csv"
    path.write_text(csv_text(trial_columns(result), trial_rows(result)), encoding="utf-8")
    (row,) = rows(path)
    assert row["name"].removeprefix("'") == text == row["message"].removeprefix("'")
    assert not any(cell.startswith(("=", "+", "@", "\t", "-")) for cell in row.values())


def test_names_that_are_taken_say_what_they_are() -> None:
    result = sweep([trial(0, {"seed": 1, "lr": 0.1}, 0.5, lr=2.0)], {"seed": [1, 2], "lr": [0.1, 0.2]})
    assert trial_columns(result)[-4:] == ["parameter.seed", "lr", "metric.lr", "val_acc"]


def test_a_folder_that_cannot_be_made_is_said(folder: SweepFolder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be created"):
        export(ReportedSweep(folder), ["csv"], tmp_path / "file" / "out")


@pytest.mark.slow
def test_every_format_is_written_in_one_go(folder: SweepFolder, tmp_path: Path) -> None:
    files = export(ReportedSweep(folder), list(WRITERS), tmp_path)
    assert {path.suffix for path in files} == {".html", ".pdf", ".ipynb", ".csv", ".json", ".parquet"}
    assert len(files) == 9 and all(path.stat().st_size for path in files)


def test_the_page_says_what_the_workers_cost(folder: SweepFolder, tmp_path: Path) -> None:
    texts = [
        export(ReportedSweep(folder, price_per_hour=price), ["html"], tmp_path)[0].read_text(encoding="utf-8")
        for price in (None, 3600.0)
    ]
    assert ["; price " in text for text in texts] == [False, True]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from morphogenetic_engine.reports import export as module  # pylint: disable=import-outside-toplevel

    monkeypatch.setitem(WRITERS, "odd", ("no_such_library", "write"))
    with pytest.raises(ConfigError, match="needs no_such_library: pip install"):
        module.writer_of("odd")
