"""`morphogenetic report`: its output and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from morphogenetic_engine.reports.sections.terminal.bars import share_bar, sparkline
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.cli.conftest import Command
from tests.conftest import StartSweep, WriteConfig

SWEEP = """\
sweep_type: grid
experiment: {workload: "toy:chancy", replicates: 6}
parameters: {x: [0.1, 0.5, 0.9], kind: [relu, tanh]}
"""


@pytest.fixture
def two_sweeps(write_config: WriteConfig) -> Path:
    """The sweeps `one` and `two`, each of six configurations with six replicates."""
    file = write_config(SWEEP)
    for name in ("one", "two"):
        run_sweep(start_sweep(file, results=Path("results"), sweep_id=name))
    return Path("results")


@pytest.mark.usefixtures("two_sweeps")
def test_summary_shows_what_was_found(command: Command) -> None:
    ran = command("report", "summary", "--sweep-id", "one", "--results", "results")
    assert ran.status == 0
    assert "sweep one  grid  finished  6 complete  maximize val_acc" in ran.out
    assert "Best: trial 4" in ran.out and "± " in ran.out


def test_summary_of_a_killed_sweep_says_so_and_how_to_go_on(two_sweeps: Path, command: Command) -> None:
    journal = two_sweeps / "one/journal.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if "session_ended" not in line), encoding="utf-8")
    ran = command("report", "summary", "--sweep-id", "one", "--results", "results")
    assert "sweep one  grid  killed  6 complete" in ran.out
    assert "continue with: morphogenetic sweep resume --sweep-id one" in ran.out
    told = json.loads(command("report", "summary", "--sweep-id", "one", "--results", "results", "--json").out)
    assert told["state"] == "killed"


def narrow(command: Command, monkeypatch: pytest.MonkeyPatch, *asked: str) -> str:
    monkeypatch.setattr("morphogenetic_engine.monitor.display.terminal.terminal", lambda: Console(width=80))
    return command("report", *asked, "--results", "results").out


@pytest.mark.usefixtures("two_sweeps")
def test_no_number_is_broken_in_a_narrow_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = json.loads(command("report", "compare", "one:best", "one:0", "--results", "results", "--json").out)[
        "comparisons"
    ]
    shown = narrow(command, monkeypatch, "compare", "one:best", "one:0")
    assert f"95 % {found['low']:+.4g} to {found['high']:+.4g}" in shown
    assert "one:best against one:0: better" in shown and "…" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines() if not line.startswith("note:"))
    assert "no such trial" in narrow(command, monkeypatch, "summary", "--sweep-id", "one", "--where", "x>1")


@pytest.mark.usefixtures("two_sweeps")
def test_what_is_better_of_another_metric_is_said_and_can_be_chosen(command: Command) -> None:
    asked = ["report", "compare", "one:best", "one:0", "--results", "results"]
    refused = command(*asked, "--direction", "minimize")
    assert refused.status == 2 and "--direction: the sweep sets maximize for val_acc" in refused.err
    refused = command(*asked, "--tolerance", "much")
    assert (refused.status, "'much' is not a valid number." in refused.err) == (2, True)


@pytest.mark.usefixtures("two_sweeps")
def test_summary_filters_and_sorts_its_trials(command: Command) -> None:
    asked = ["report", "summary", "--sweep-id", "one", "--results", "results", "--json"]
    chosen = json.loads(command(*asked, "--where", "x<0.6 and kind=relu", "--sort", "x").out)["trials"]
    assert [each["params"] for each in chosen] == [{"x": 0.1, "kind": "relu"}, {"x": 0.5, "kind": "relu"}]
    assert [each["rank"] for each in json.loads(command(*asked, "--sort", "val_acc").out)["trials"]] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


@pytest.mark.usefixtures("two_sweeps")
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--where", "y<1"], "--where: column 1: unknown name 'y'"),
        (["--sort", "val_ac"], "--sort: unknown name 'val_ac'; did you mean 'val_acc'?"),
        (["--reverse"], "--reverse: needs --sort"),
    ],
)
def test_a_mistake_is_one_line(command: Command, asked: list[str], message: str) -> None:
    ran = command("report", "summary", "--sweep-id", "one", "--results", "results", *asked)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err and ran.err.count("\n") == 1


@pytest.mark.usefixtures("two_sweeps")
def test_compare_pairs_the_seeds_of_trials(command: Command) -> None:
    ran = command("report", "compare", "one:best", "one:0", "--results", "results", "--json")
    (found,) = json.loads(ran.out)["comparisons"]
    assert (found["paired"], len(found["values_one"]), found["verdict"]) == (True, 6, "better")
    shown = command("report", "compare", "one:best", "one:0", "--results", "results")
    assert "6 pairs" in shown.out and "better" in shown.out


@pytest.mark.usefixtures("two_sweeps")
def test_compare_finds_no_difference_between_equal_sweeps(command: Command) -> None:
    found = json.loads(command("report", "compare", "one", "two", "--results", "results", "--json").out)
    assert found["comparisons"][0]["verdict"] == "no difference shown"
    assert found["shared"][0]["configurations"] == 6
    assert [each["complete"] for each in found["sweeps"]] == [6, 6]
    assert command("report", "compare", "one", "two", "--results", "results").status == 0


@pytest.mark.usefixtures("two_sweeps")
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "compare: needs at least two different sweeps or trials"),
        (["one", "one:9"], "compare: one:9: sweep one has no trial '9'; its trials are 0 to 5, best and baseline"),
        (["one", "one:baseline"], "compare: one:baseline: sweep one has no baseline"),
        (["one", "tow"], "results: has no sweep 'tow'; did you mean 'two'?"),
        (["one", "two", "--metric", "luk"], "has no metric 'luk'; did you mean 'luck'?"),
    ],
)
def test_compare_says_what_is_wrong_with_a_name(command: Command, names: list[str], message: str) -> None:
    ran = command("report", "compare", *names, "--results", "results")
    assert ran.status == 2 and message in ran.err and ran.err.count("\n") == 1


def test_export_writes_beside_the_sweep(command: Command, start: StartSweep) -> None:
    folder = start('experiment: {workload: "toy:nothing"}\nparameters: {x: [1, 2]}\n')
    run_sweep(folder)
    ran = command("report", "export", "--sweep-id", folder.sweep_id, "--results", "results", "--format", "csv")
    assert ran.out.split() == [str(folder.path / "report" / name) for name in ("trials.csv", "epochs.csv")]
    assert (folder.path / "report" / "trials.csv").read_text(encoding="utf-8").count("\n") == 3


@pytest.mark.parametrize(
    ("values", "picture"),
    [([], ""), ([1.0], "▅"), ([0.0, 0.5, 1.0], "▁▅█"), ([2.0, 2.0], "▅▅"), ([1.0, 0.0] * 20, "▅" * 20)],
)
def test_a_sparkline_shows_the_course_of_values(values: list[float], picture: str) -> None:
    assert sparkline(values) == picture


@pytest.mark.parametrize(
    ("share", "picture"), [(0.0, "    "), (1.0, "████"), (0.5, "██  "), (0.15, "▋   "), (7.0, "████")]
)
def test_a_bar_shows_a_share(share: float, picture: str) -> None:
    assert share_bar(share, 4) == picture
