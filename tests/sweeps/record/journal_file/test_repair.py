"""Repair of a damaged folder: whole lines stay, what may be incomplete runs again, nothing is guessed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.journal_file.lines import lines_of
from morphogenetic_engine.sweeps.record.journal_file.repair import repair_sweep
from morphogenetic_engine.sweeps.record.journal_file.survey import survey
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]
SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {n_trials: 6}
"""


def story(trials: int = 4) -> list[Event]:
    """A session in which trials run one after the other, two reports each."""
    told: list[Event] = [SessionStarted(1.0, 1, "host", "0", 1, "abc")]
    for number in range(trials):
        told.append(TrialStarted(2.0, number, 0, 0, 7, {"x": 0.5}))
        told += [TrialReported(3.0, number, 0, step, {"val_acc": 0.5}) for step in range(2)]
        told.append(TrialEnded(4.0, number, 0, TrialState.COMPLETE, 1.0, {"val_acc": 0.5}))
    return [*told, SessionEnded(5.0, Outcome.FINISHED)]


def test_a_whole_journal_is_kept_as_it_is() -> None:
    found = survey(b"".join(lines_of(story())))
    assert (list(found.kept), found.damaged, list(found.lost)) == (story(), 0, [])


@given(st.data())
def test_one_changed_byte_costs_one_line_and_the_trial_that_it_told_of(data: st.DataObject) -> None:
    content = b"".join(lines_of(story()))
    place = data.draw(st.integers(0, len(content) - 1))
    changed = content[:place] + bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))]) + content[place + 1 :]
    found = survey(changed)
    assert set(map(str, found.kept)) <= set(map(str, story()))
    assert len(found.lost) <= 2
    kept = {event.trial for event in found.kept if isinstance(event, TrialEnded)}
    for number in kept:
        whole = [event for event in story() if not isinstance(event, SessionStarted | SessionEnded)]
        told = [event for event in found.kept if not isinstance(event, SessionStarted | SessionEnded)]
        assert [e for e in told if e.trial == number] == [e for e in whole if e.trial == number]
    assert len(kept) >= 3  # at most one newline is lost, which joins two lines


def test_a_line_of_which_only_the_checksum_is_damaged_is_kept() -> None:
    lines = list(lines_of(story()))
    lines[3] = lines[3][:-4] + (b"0" if lines[3][-4:-3] != b"0" else b"1") + lines[3][-3:]
    found = survey(b"".join(lines))
    assert (list(found.kept), list(found.lost)) == (story(), [])


def test_an_inserted_line_costs_nothing_but_itself() -> None:
    lines = list(lines_of(story()))
    found = survey(b"".join([*lines[:3], b"garbage\n", lines[1], *lines[3:]]))
    assert (list(found.kept), found.damaged, list(found.lost)) == (story(), 2, [])


def test_a_lost_line_costs_the_trial_that_ran() -> None:
    lines = list(lines_of(story()))
    del lines[6]
    found = survey(b"".join(lines))
    assert list(found.lost) == [1]
    assert {e.trial for e in found.kept if isinstance(e, TrialEnded)} == {0, 2, 3}


@pytest.fixture(name="finished")
def _finished(start: Start) -> SweepFolder:
    folder = start(SWEEP)
    run_sweep(folder)
    return folder


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_repaired_and_resumed_sweep_has_the_table_that_it_had(
    finished: SweepFolder, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = SweepFolder(tmp_path_factory.mktemp("damaged") / "one")
    shutil.copytree(finished.path, folder.path)
    content = bytearray(folder.journal.read_bytes())
    for place in data.draw(st.sets(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    folder.journal.write_bytes(content)
    with pytest.raises(SweepError, match="sweep repair"):
        run_sweep(folder)
    assert repair_sweep(folder).aside is not None
    run_sweep(folder)
    assert steady_rows(folder) == steady_rows(finished)
    assert repair_sweep(folder).aside is None


def test_the_table_of_a_damaged_journal_is_set_aside_with_it(finished: SweepFolder) -> None:
    table = finished.table.read_bytes()
    lines = finished.journal.read_bytes().splitlines(keepends=True)
    finished.journal.write_bytes(b"".join([*lines[:2], lines[2].replace(b'"trial"', b'"trail"'), *lines[3:]]))
    repair = repair_sweep(finished)
    assert repair.aside is not None
    assert (repair.aside / "trials.csv").read_bytes() == table


def test_a_changed_setting_of_the_search_is_told_and_sweep_json_is_made_anew(finished: SweepFolder) -> None:
    before = finished.read_info()
    finished.info.write_bytes(finished.info.read_bytes().replace(b'"seed": 42', b'"seed": 43'))
    with pytest.raises(SweepError, match="sweep.json: is damaged: its checksum is .*sweep repair"):
        run_sweep(finished)
    repair = repair_sweep(finished)
    assert "made anew from config.yaml" in repair.info
    assert finished.read_info().config == before.config
    assert repair.aside is not None and b'"seed": 43' in (repair.aside / "sweep.json").read_bytes()


def test_a_changed_setting_outside_of_the_search_stays_and_is_pointed_out(finished: SweepFolder) -> None:
    finished.info.write_bytes(finished.info.read_bytes().replace(b'"max_parallel": 2', b'"max_parallel": 3'))
    assert "cannot be checked" in repair_sweep(finished).info
    assert finished.read_info().config.execution.max_parallel == 3


def test_a_sweep_json_of_another_search_is_not_taken(finished: SweepFolder, start: Start) -> None:
    other = start(SWEEP.replace("n_trials: 6", "n_trials: 6, seed: 5"))
    finished.info.write_bytes(other.info.read_bytes())
    with pytest.raises(SweepError, match="journal.jsonl: belongs to another search than sweep.json describes"):
        run_sweep(finished)
    finished.config.write_text("damaged: too", encoding="utf-8")
    with pytest.raises(SweepError, match="neither it nor config.yaml is surely the search"):
        repair_sweep(finished)


def test_a_table_without_its_journal_is_not_written_over(finished: SweepFolder) -> None:
    table = finished.table.read_bytes()
    finished.journal.unlink()
    with pytest.raises(SweepError, match="is gone or empty, but trials.csv lists trials"):
        run_sweep(finished)
    assert finished.table.read_bytes() == table
    repair = repair_sweep(finished)
    assert repair.table and repair.aside is not None
    assert (repair.aside / "trials.csv").read_bytes() == table
    run_sweep(finished)
    assert len(steady_rows(finished)) == 6


def test_a_sweep_that_runs_is_not_repaired(finished: SweepFolder) -> None:
    with Journal(finished.journal), pytest.raises(SweepError, match="is being run by process"):
        repair_sweep(finished)


def test_a_newer_journal_is_not_repaired(finished: SweepFolder) -> None:
    newer = b'{"format":3,"event":"x"}\n'
    finished.journal.write_bytes(newer)
    with pytest.raises(SweepError, match="upgrade"):
        repair_sweep(finished)
    assert finished.journal.read_bytes() == newer
