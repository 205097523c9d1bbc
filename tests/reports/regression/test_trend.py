"""The trend over many nights, and the nights since which a metric is different."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.reports.regression.regress import compare
from morphogenetic_engine.reports.regression.trend import Night, read_nights, trends
from morphogenetic_engine.reports.regression.words import trend_markdown, verdict_markdown
from morphogenetic_engine.sweeps.record.machine import Machine
from tests.reports.regression.nights import MACHINE, measurements, origin, reference


def night(day: int, accuracy: float, *, machine: Machine = MACHINE) -> Night:
    random = np.random.default_rng(day)
    values = random.normal(accuracy, 0.004, 8).tolist()
    return Night(origin(f"night-{day}", day=day, machine=machine), measurements(values, [1.0] * 8))


def test_the_night_since_which_a_metric_is_different_is_named() -> None:
    nights = [night(day, 0.9 if day < 15 else 0.87) for day in range(1, 29)]
    accuracy, seconds = trends(nights)
    [change] = accuracy.changes
    assert (change.sweep_id, change.git_commit) == ("night-15", "commit-15")
    assert [change.before, change.after] == pytest.approx([0.9, 0.87], abs=0.003)
    assert not seconds.changes
    assert "| val\\_acc | 28 | night-15 | 0." in trend_markdown([accuracy, seconds])


def test_times_of_other_machines_are_left_out() -> None:
    old = MACHINE.model_copy(update={"cores": 64})
    nights = [night(day, 0.9, machine=old if day < 10 else MACHINE) for day in range(1, 20)]
    accuracy, seconds = trends(nights)
    assert (len(accuracy.nights), len(seconds.nights)) == (19, 10)


def test_times_of_an_unknown_machine_are_not_followed() -> None:
    nights = [Night(origin(f"night-{day}", day=day, machine=None), night(day, 0.9).measurements) for day in (1, 2)]
    accuracy, seconds = trends(nights)
    assert (len(accuracy.nights), seconds.nights) == (2, ())
    assert not trends([])


def test_nights_are_read_from_verdicts_in_the_order_of_their_sweeps_each_once(tmp_path: Path) -> None:
    for day, name in ((3, "a"), (1, "b"), (2, "c"), (2, "d")):
        verdict = compare(origin(f"night-{day}", day=day), measurements([0.9] * 8), reference([0.9] * 8), {})
        (tmp_path / f"{name}.json").write_text(verdict.model_dump_json(), encoding="utf-8")
    assert [each.origin.sweep_id for each in read_nights([tmp_path])] == ["night-1", "night-2", "night-3"]
    other = compare(origin("other", day=4, identity="else"), measurements([0.9] * 8), reference([0.9] * 8), {})
    (tmp_path / "e.json").write_text(other.model_dump_json(), encoding="utf-8")
    with pytest.raises(SweepError, match="sweep other: has a different search configuration than sweep night-1"):
        read_nights([tmp_path])


def test_a_file_that_is_no_verdict_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text(reference([0.9] * 8).model_dump_json(), encoding="utf-8")
    with pytest.raises(
        SweepError, match="base.json: is damaged: .*; expected a verdict written by `sweep regress --json`"
    ):
        read_nights([tmp_path])


def test_no_name_of_a_sweep_becomes_markup() -> None:
    verdict = compare(origin("<b>@all|`x`"), measurements([0.9] * 8), reference([0.9] * 8), {})
    text = verdict_markdown(verdict)
    assert "<b>" not in text.replace("\\<b", "") and "@all" not in text
