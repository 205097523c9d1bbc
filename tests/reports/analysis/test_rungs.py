"""The rungs of a sweep: the trials that reached them, and the correlation of their ranks with the final ones."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from scipy.stats import spearmanr

from morphogenetic_engine.reports.analysis.rungs import (
    FEWEST,
    RankCorrelation,
    RungNumbers,
    Rungs,
    rank_correlation,
    rungs_of_sweep,
)
from morphogenetic_engine.reports.section import Report, ReportOptions, TerminalView
from morphogenetic_engine.reports.sections.progress.rungs import RUNGS
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.results import read_result
from tests.reports.sweeps import sweep, trial
from tests.sweeps.run.simulated_executor import Machine
from tests.sweeps.run.test_halving_runs import run_simulated
from tests.sweeps.run.test_halving_runs import sweep as sweep_text

X = {"x": {"low": 0.0, "high": 1.0}}


def test_the_rungs_of_a_halving_add_up(tmp_path: Path) -> None:
    machine = Machine(random.Random(1), saves=False, failing=frozenset({4}))
    text = sweep_text("n_trials: 27, halving: {full: 27, first_rung: 3}")
    result = read_result(run_simulated(text, machine, tmp_path))
    rungs = rungs_of_sweep(result)
    assert rungs is not None and rungs.halving
    counts = [(each.reports, each.reached, each.went_on, each.stopped, each.failed) for each in rungs.rungs]
    assert counts in (
        [(3, 26, 9, 17, 1), (9, 9, 3, 6, 0), (27, 3, 0, 0, 0)],
        [(3, 27, 9, 18, 0), (9, 8, 3, 5, 1), (27, 3, 0, 0, 0)],
    )
    assert rungs.repeated == 9 * 3 + 3 * 9 and rungs.steps == result.steps
    values = sorted(trial.pauses[0].metrics["val_acc"] for trial in result.trials if trial.pauses)
    assert rungs.rungs[0].threshold == values[-9]
    assert {each.reason.split(":")[0] for each in rungs.stopped} == {"rung 1 of 3", "rung 2 of 3"}
    assert rungs.suggested is None and not rungs.enough
    both = [(trial.pauses[0], trial.pauses[1]) for trial in result.trials if len(trial.pauses) > 1]
    expected = spearmanr([[one.metrics["val_acc"], other.metrics["val_acc"]] for one, other in both]).statistic
    assert rungs.rungs[0].with_next.pairs == len(both) and len(both) in {8, 9}
    assert rungs.rungs[0].with_next.rho == pytest.approx(expected)
    assert rungs.rungs[1].with_next.rho is None  # three trials say nothing


def test_a_sweep_without_rungs_tells_whether_halving_could_be_trusted() -> None:
    ranked = [trial(n, {"x": n / 40}, n / 40, curve=[0.0, n / 40, n / 30, n / 20] * 3) for n in range(1, 21)]
    found = rungs_of_sweep(sweep(ranked, X))
    assert found is not None and not found.halving and found.enough
    assert found.full == 12 and [each.reports for each in found.rungs] == [4, 12]
    assert found.rungs[0].correlation.rho == 1.0
    assert found.suggested == 10  # report 9 is the same for all


def test_the_suggested_first_rung_is_the_lowest_from_which_all_can_be_trusted() -> None:
    chance = random.Random(1)
    trials = [
        trial(n, {"x": n / 40}, n / 40, curve=[chance.random() for _ in range(3)] + [n / 40] * 9) for n in range(1, 31)
    ]
    found = rungs_of_sweep(sweep(trials, X))
    assert found is not None and found.suggested == 4


def test_few_complete_trials_or_none_with_reports_say_nothing() -> None:
    assert rungs_of_sweep(sweep([trial(n, {"x": 0.5}, n / 9, curve=[n / 9] * 9) for n in range(FEWEST - 1)], X)) is None
    assert rungs_of_sweep(sweep([trial(n, {"x": 0.5}, n / 20) for n in range(20)], X)) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=FEWEST, max_size=30))
def test_the_correlation_is_spearmans_and_lies_in_its_interval(pairs: list[tuple[float, float]]) -> None:
    found = rank_correlation(pairs)
    if len({one for one, _ in pairs}) == 1 or len({other for _, other in pairs}) == 1:
        assert found.rho is None
        return
    assert found.rho is not None and found.low is not None and found.high is not None
    assert found.rho == pytest.approx(spearmanr(pairs).statistic, abs=1e-12)
    assert -1 <= found.low <= found.rho <= found.high <= 1


def test_the_page_and_the_terminal_say_why_trials_were_stopped(tmp_path: Path) -> None:
    result = read_result(run_simulated(sweep_text(), Machine(random.Random(1)), tmp_path))
    numbers = summarize(result, methods=()).to_dict()["rungs"]
    assert isinstance(numbers, dict)
    assert all("the best" in each["reason"] for each in numbers["stopped"])


def test_a_rung_that_ranks_otherwise_than_the_next_one_is_named() -> None:
    lucky = RankCorrelation(48, -0.11, -0.39, 0.18)
    early = RungNumbers(7, 150, 48, 102, 0, 0.5, RankCorrelation(3, None), lucky)
    late = RungNumbers(22, 48, 15, 33, 0, 0.6, RankCorrelation(3, None), RankCorrelation(15, 0.9, 0.7, 0.97))
    last = RungNumbers(200, 15, 0, 0, 0, None, RankCorrelation(3, None), RankCorrelation(0, None))
    numbers = Rungs(True, 200, (early, late, last), (), 900, 0, None, enough=False)
    (part,) = RUNGS.terminal(numbers, Report(sweep([]), ReportOptions()), TerminalView(Console(), 100))
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(part.body)
    text = console.export_text()
    assert "Rung 1 (7 steps) does not rank trials as the next rung does: raise halving.first_rung to 22." in text
    assert "Rung 2" not in text
