"""trials.csv: current while a sweep runs, exact, and the same after every session."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason, StoreError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.tables.trial_table import TrialTable, spreadsheet_text, table_columns, table_row
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.trial import Params

CONFIG = SweepConfig.model_validate(
    {
        "experiment": {"data": "moons"},
        "parameters": {"lr": [0.1, 1e-5], "flag": [True, False]},
        "optimization": {"secondary_metrics": ["loss"]},
    }
)


def _trial(number: int, **metrics: float) -> TrialRecord:
    return TrialRecord(
        number,
        seed=number + 100,
        params={"data": "moons", "lr": 1e-5, "flag": True},
        state=TrialState.COMPLETE,
        metrics={"val_acc": 0.5, **metrics},
        started=1e9 + 0.25,
        duration=1.23456,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_columns_are_trial_parameters_metrics_and_how_the_run_went() -> None:
    trials = [_trial(0, runtime=3.0, zeta=1.0), _trial(1, alpha=1.0)]
    assert table_columns(CONFIG, trials) == (
        "number state reason lr flag val_acc loss alpha zeta seed message attempts started duration runtime".split()
    )


def test_a_row_holds_numbers_in_full_precision_and_nothing_where_there_is_nothing() -> None:
    trial = _trial(7, loss=0.1 + 0.2)
    trial.attempt = 2
    columns = table_columns(CONFIG, [trial])
    assert dict(zip(columns, table_row(trial, columns), strict=True)) == {
        "number": "7",
        "state": "complete",
        "reason": "",
        "lr": "1e-05",
        "flag": "true",
        "val_acc": "0.5",
        "loss": "0.30000000000000004",
        "seed": "107",
        "message": "",
        "attempts": "3",
        "started": "2001-09-09T01:46:40.250+00:00",
        "duration": "1.235",
    }
    assert table_row(_trial(7), ["loss"]) == [""]


def test_a_failed_trial_says_why() -> None:
    trial = TrialRecord(0, 0, {}, TrialState.FAILED, FailureReason.TIMEOUT, "ran longer than 2 s")
    assert table_row(trial, ["state", "reason", "message", "val_acc"]) == [
        "failed",
        "timeout",
        "ran longer than 2 s",
        "",
    ]


def test_names_that_are_taken_say_what_they_are() -> None:
    config = SweepConfig.model_validate({"experiment": {"loss": "mse"}, "parameters": {"seed": [1, 2], "lr": [1, 2]}})
    params: Params = {"loss": "mse", "seed": 1, "lr": 2}
    metrics = {"val_acc": 0.5, "loss": 0.25, "lr": 0.125, "duration": 4.0}
    trial = TrialRecord(3, 99, params, TrialState.COMPLETE, metrics=metrics)
    columns = table_columns(config, [trial])
    assert len(set(columns)) == len(columns)
    cells = dict(zip(columns, table_row(trial, columns), strict=True))
    assert (cells["seed"], cells["parameter.seed"]) == ("99", "1")
    assert (cells["lr"], cells["metric.lr"]) == ("2", "0.125")
    assert cells["metric.loss"] == "0.25"
    assert (cells["duration"], cells["metric.duration"]) == ("0.000", "4.0")


def test_the_table_holds_ended_trials_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    running = _trial(1)
    running.state = TrialState.RUNNING
    with TrialTable(tmp_path / "trials.csv", CONFIG) as table:
        table.write([_trial(2), running, _trial(0)])
    assert [row["number"] for row in _rows(tmp_path / "trials.csv")] == ["0", "2"]


def test_a_table_without_trials_has_its_columns(tmp_path: Path) -> None:
    with TrialTable(tmp_path / "trials.csv", CONFIG) as table:
        table.write([])
    text = (tmp_path / "trials.csv").read_text(encoding="utf-8")
    assert text == "number,state,reason,lr,flag,val_acc,loss,seed,message,attempts,started,duration\n"


def test_each_trial_is_in_the_file_as_soon_as_it_was_added(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    with TrialTable(path, CONFIG) as table:
        table.write([])
        for count, number in enumerate((2, 0, 1), start=1):
            table.add(_trial(number), ())
            assert len(_rows(path)) == count
    assert [row["number"] for row in _rows(path)] == ["2", "0", "1"]


def test_a_metric_seen_for_the_first_time_is_a_column_for_all_trials(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    trials = [_trial(1), _trial(0, extra=2.5), _trial(2, runtime=3.0)]
    with TrialTable(path, CONFIG) as table:
        table.write([])
        for count, trial in enumerate(trials, start=1):
            table.add(trial, trials[:count])
    assert [(row["number"], row["extra"], row["runtime"]) for row in _rows(path)] == [
        ("0", "2.5", ""),
        ("1", "", ""),
        ("2", "", "3.0"),
    ]


def test_a_trial_that_ends_a_second_time_has_one_row(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    failed = TrialRecord(0, 0, {}, TrialState.FAILED)
    with TrialTable(path, CONFIG) as table:
        table.write([failed])
        table.add(_trial(1), [failed, _trial(1)])
        table.add(_trial(0), [_trial(0), _trial(1)])
        assert [(row["number"], row["state"]) for row in _rows(path)] == [("0", "complete"), ("1", "complete")]


def test_a_trial_that_ends_a_second_time_in_one_session_has_one_row(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    with TrialTable(path, CONFIG) as table:
        table.write([])
        for value in (1.0, 2.0):
            table.add(_trial(0, loss=value), [_trial(0, loss=value)])
        assert [row["loss"] for row in _rows(path)] == ["2.0"]


MESSAGES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
METRICS = st.dictionaries(st.sampled_from(["val_acc", "loss", "extra", "runtime"]), st.floats(-1e300, 1e300))


@given(st.permutations(range(4)), st.lists(METRICS, min_size=4, max_size=4), st.lists(MESSAGES, min_size=4, max_size=4))
def test_appending_gives_the_rows_of_the_final_table_up_to_their_order(
    tmp_path_factory: pytest.TempPathFactory,
    order: list[int],
    metrics: list[dict[str, float]],
    messages: list[str],
) -> None:
    path = tmp_path_factory.mktemp("table") / "trials.csv"
    trials = [
        TrialRecord(number, 1, {"lr": 0.1}, TrialState.COMPLETE, metrics=metrics[number], message=messages[number])
        for number in order
    ]
    with TrialTable(path, CONFIG) as table:
        table.write([])
        for count, trial in enumerate(trials, start=1):
            table.add(trial, trials[:count])
        appended = _rows(path)
        table.write(trials)
    final = _rows(path)
    assert sorted(appended, key=lambda row: row["number"]) == final
    for row, trial in zip(final, sorted(trials, key=lambda trial: trial.number), strict=True):
        assert {name: float(row[name]) for name in trial.metrics} == trial.metrics
        assert row["message"] == spreadsheet_text(" ".join(trial.message.split()))


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    with TrialTable(path, CONFIG) as table:
        table.write([])
        path.unlink()
        path.mkdir()
        with pytest.raises(StoreError, match=f"^{path}: cannot be written: Is a directory$"):
            table.add(_trial(0), ())
        with pytest.raises(StoreError, match=f"^{path}: cannot be written: Is a directory$"):
            table.write([])


@pytest.mark.parametrize("evil", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_a_text_that_a_spreadsheet_would_run_is_escaped(evil: str) -> None:
    assert spreadsheet_text(evil) == f"'{evil}"
    assert spreadsheet_text(-0.5) == "-0.5"
    assert spreadsheet_text("a=1") == "a=1"
