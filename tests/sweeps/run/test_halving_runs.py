"""Halving in the run loop: the same table at any number of workers, after any kill; simulated and with processes."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    StepsRepeated,
    TrialEnded,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.record.journal_file.repair import repair_sweep
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.sweeps.run.simulated_executor import Killed, Machine, simulate
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]
Table = list[dict[str, str]]


def sweep(
    optimization: str = "n_trials: 30, halving: {full: 27}", *, kind: str = "random", workers: int = 2, more: str = ""
) -> str:
    return f"""
sweep_type: {kind}
experiment: {{workload: "toy:rising"{more}}}
parameters: {{x: {{low: 0.0, high: 1.0}}, y: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}, retries: {{crashes: 1000}}}}
optimization: {{strategy: halving, {optimization}}}
"""


def run_simulated(text: str, machine: Machine, place: Path) -> SweepFolder:
    """Runs a new sweep to its end, over all kills."""
    folder = start_sweep(config_of_text(text, where="sweep.yaml"), results=place)
    finished(folder, machine)
    return folder


def finished(folder: SweepFolder, machine: Machine) -> None:
    """Resumes a sweep until its end, over all kills."""
    with pytest.MonkeyPatch.context() as patch:
        simulate(patch, machine)
        while True:
            try:
                run_sweep(folder)
                return
            except Killed:
                continue


KINDS = {
    "random": "n_trials: 30, halving: {full: 27}",
    "sobol in brackets": "n_trials: 30, halving: {full: 27, brackets: 3}",
    "bayesian": "n_trials: 36, halving: {full: 27}",
    "auto": "n_trials: 30, sampler: auto, halving: {full: 27}",
    "pilot": "n_trials: 30",
    "short": "n_trials: 20, halving: {full: 81, first_rung: 9}",
    "CmaEs": "n_trials: 45, sampler: CmaEs, halving: {full: 27, eta: 2}",
    "several objectives": "n_trials: 36, objectives: [{metric: val_acc}, {metric: size, direction: minimize}],"
    " halving: {full: 27}",
    "conditions": "n_trials: 36, halving: {full: 27}",
    "budgeted": "halving: {full: 27, budget: 9.5, brackets: 2}",
    "every point": "n_trials: 30, sampler: auto, halving: {full: 27}",
    "asha": "n_trials: 40, lookahead: 4, halving: {full: 27}",
    "asha, several objectives": "n_trials: 30, lookahead: 3, halving: {full: 27},"
    " objectives: [{metric: val_acc}, {metric: size, direction: minimize}]",
    "constrained": "n_trials: 36, outcome_constraints: {size: {max: 0.4}}, halving: {full: 27}",
    "asha, constrained": "n_trials: 30, lookahead: 3, outcome_constraints: {size: {max: 0.4}}, halving: {full: 27}",
    "early": "n_trials: 36, halving: {full: 27, brackets: 4}, budget: {steps: 150}",
}


def _text(name: str) -> str:
    kinds = {"sobol in brackets": "sobol", "random": "random", "pilot": "random", "short": "random"}
    text = sweep(KINDS[name], kind=kinds.get(name, "bayesian"))
    if name.startswith("asha"):
        text = text.replace("strategy: halving", "strategy: asha").replace("sweep_type: bayesian", "sweep_type: random")
    if name == "conditions":
        text = text.replace("y: {", "kind: [a, b], y: {when: {kind: a}, ")
    return text.replace("high: 1.0}", "high: 1.0, step: 0.25}") if name == "every point" else text


@pytest.fixture(scope="module", name="calm")
def calm_tables(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Table]:
    """Returns the table that one worker makes of a sweep, undisturbed."""

    @cache
    def table(name: str) -> Table:
        machine = Machine(random.Random(0), workers=1, failing=frozenset({0, 4, 11}))
        return steady_rows(run_simulated(_text(name), machine, tmp_path_factory.mktemp("calm")))

    return table


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 4, 8]), st.booleans(), st.integers(0, 6), st.integers(0, 4))
def test_any_order_number_of_workers_kills_and_crashes_give_the_same_table(  # pylint: disable=too-many-positional-arguments
    tmp_path_factory: pytest.TempPathFactory,
    calm: Callable[[str], Table],
    name: str,
    seed: int,
    workers: int,
    saves: bool,
    kills: int,
    crashes: int,
) -> None:
    machine = Machine(
        random.Random(seed), workers, saves=saves, kills=kills, crashes=crashes, failing=frozenset({0, 4, 11})
    )
    folder = run_simulated(_text(name), machine, tmp_path_factory.mktemp("sweep"))
    assert steady_rows(folder) == calm(name)
    ends = Counter(event.trial for event in read_events(folder.journal) if isinstance(event, TrialEnded))
    assert set(ends.values()) == {1}


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from([1, 3, 8]), st.integers(0, 2))
def test_trials_that_a_repair_took_out_run_again_and_give_the_same_table(
    tmp_path_factory: pytest.TempPathFactory,
    calm: Callable[[str], Table],
    name: str,
    seed: int,
    workers: int,
    kills: int,
) -> None:
    chance = random.Random(seed)
    machine = Machine(chance, workers, kills=kills, failing=frozenset({0, 4, 11}))
    folder = start_sweep(config_of_text(_text(name), where="sweep.yaml"), results=tmp_path_factory.mktemp("sweep"))
    with pytest.MonkeyPatch.context() as patch:
        simulate(patch, machine)
        with suppress(Killed):
            run_sweep(folder)
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    begun = [place for place, line in enumerate(lines) if b'"trial_started"' in line]
    for place in chance.sample(begun, min(3, len(begun))):
        lines[place] = lines[place].replace(b'"params"', b'"qarams"')
    folder.journal.write_bytes(b"".join(lines))
    for number in repair_sweep(folder).survey.lost:
        machine.saved.pop(number, None)  # their folders are set aside
    finished(folder, machine)
    assert steady_rows(folder) == calm(name)


def test_the_journal_tells_who_paused_was_promoted_and_stopped(tmp_path: Path) -> None:
    folder = run_simulated(
        sweep("n_trials: 27, halving: {full: 27, first_rung: 3}"), Machine(random.Random(1)), tmp_path
    )
    events = list(read_events(folder.journal))
    pauses = Counter(event.step for event in events if isinstance(event, TrialPaused))
    assert pauses == {2: 27, 8: 9}
    assert Counter(event.rung for event in events if isinstance(event, TrialPromoted)) == {1: 9, 2: 3}
    result = read_result(folder)
    assert result.counts == {TrialState.COMPLETE: 3, TrialState.PRUNED: 24}
    stopped = next(trial for trial in result.trials if trial.state is TrialState.PRUNED and not trial.rung)
    assert stopped.message.startswith("rung 1 of 3: place ") and stopped.message.endswith("the best 9 go on")
    assert stopped.metrics == stopped.pauses[-1].metrics


def test_the_best_of_a_rung_go_on(tmp_path: Path) -> None:
    folder = run_simulated(
        sweep("n_trials: 27, halving: {full: 27, first_rung: 3}"), Machine(random.Random(1)), tmp_path
    )
    trials = read_result(folder).trials
    at_first = sorted(trials, key=lambda trial: (-trial.pauses[0].metrics["val_acc"], trial.number))
    assert {trial.number for trial in at_first[:9]} == {trial.number for trial in trials if trial.rung > 0}


def test_a_promoted_trial_goes_on_where_it_paused_and_costs_what_the_plan_says(tmp_path: Path) -> None:
    machine = Machine(random.Random(1))
    folder = run_simulated(sweep("n_trials: 27, halving: {full: 27, first_rung: 3}"), machine, tmp_path)
    assert machine.steps == 27 * 3 + 9 * 6 + 3 * 18
    assert not any(trial.repeated for trial in read_result(folder).trials)


def test_steps_that_a_workload_without_checkpoints_repeats_are_counted_once_and_told(tmp_path: Path) -> None:
    machine = Machine(random.Random(1), saves=False)
    folder = run_simulated(sweep("n_trials: 27, halving: {full: 27, first_rung: 3}"), machine, tmp_path)
    events = list(read_events(folder.journal))
    reported = [(event.trial, event.step) for event in events if isinstance(event, TrialReported)]
    assert len(reported) == len(set(reported)) == 27 * 3 + 9 * 6 + 3 * 18
    assert sum(event.steps for event in events if isinstance(event, StepsRepeated)) == 9 * 3 + 3 * 9
    assert machine.steps == len(reported) + 9 * 3 + 3 * 9


def test_without_a_full_length_the_first_complete_trial_runs_alone_and_gives_it(tmp_path: Path) -> None:
    machine = Machine(random.Random(1), workers=4, failing=frozenset({0}))
    folder = run_simulated(sweep("n_trials: 30"), machine, tmp_path)
    events = list(read_events(folder.journal))
    started = next(place for place, event in enumerate(events) if isinstance(event, TrialStarted) and event.trial == 2)
    assert [event.trial for event in events[:started] if isinstance(event, TrialEnded)] == [0, 1]
    assert {event.step for event in events if isinstance(event, TrialPaused)} == {2, 8}  # 27 reports: 3, 9, 27


def test_later_brackets_learn_from_earlier_ones(tmp_path: Path) -> None:
    near: list[float] = []
    for kind in ("random", "bayesian"):
        text = sweep("n_trials: 60, halving: {full: 27, brackets: 3}", kind=kind)
        trials = read_result(run_simulated(text, Machine(random.Random(1)), tmp_path / kind)).trials
        near.append(sum(abs(float(trial.params["x"]) - 0.3) for trial in trials[40:]) / 20)
    assert near[1] < near[0] * 2 / 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["grid", "bayesian"])
def test_worker_processes_give_the_same_table_at_any_number(start: Start, kind: str) -> None:
    tables = []
    for workers in (1, 2, 4, 8):
        many = "halving: {full: 9, first_rung: 1}" + (", n_trials: 20" if kind == "bayesian" else "")
        text = sweep(many, kind=kind, workers=workers).replace("high: 1.0}", "high: 1.0, points: 4}")
        folder = start(text)
        assert run_sweep(folder) is Outcome.FINISHED
        tables.append(steady_rows(folder))
    assert all(table == tables[0] for table in tables)
    assert {row["state"] for row in tables[0]} == {"complete", "pruned"}


@pytest.mark.slow
def test_a_promoted_trial_is_called_again_in_its_folder(start: Start) -> None:
    folder = start(sweep("n_trials: 9, halving: {full: 9, first_rung: 1}"))
    assert run_sweep(folder) is Outcome.FINISHED
    best = read_result(folder).best
    assert best is not None and best.attempt == 2
    steps = (folder.trial(best.number) / "steps").read_text(encoding="utf-8").split()
    assert [int(step) for step in steps] == list(range(9))


class _Interrupt:
    """Interrupts the process at the first event of a kind; a second signal would end it at once."""

    def __init__(self, kind: type[Event]) -> None:
        self._kind: type[Event] | None = kind

    def __call__(self, event: Event) -> None:
        if self._kind is not None and isinstance(event, self._kind):
            self._kind = None
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
def test_a_signal_at_a_rung_and_a_resume_give_the_undisturbed_table(start: Start) -> None:
    text = sweep("n_trials: 20, halving: {full: 9, first_rung: 1}", more=", saves: 0")
    whole, folder = start(text), start(text)
    run_sweep(whole)
    for stop in (TrialStarted, TrialReported, TrialPromoted, TrialPaused):
        assert run_sweep(folder, observers=[_Interrupt(stop)]) is Outcome.INTERRUPTED
    assert run_sweep(folder) is Outcome.FINISHED
    assert steady_rows(folder) == steady_rows(whole)


def test_a_sweep_whose_time_is_up_keeps_its_paused_trials_for_the_resume(start: Start) -> None:
    folder = start(sweep("n_trials: 9, timeout: 0.001, halving: {full: 9, first_rung: 1}"))
    assert run_sweep(folder) is Outcome.TIME_IS_UP
    assert not read_result(folder).counts[TrialState.COMPLETE]


def test_a_promotion_that_no_missing_result_can_change_waits_for_none(tmp_path: Path) -> None:
    text = sweep("n_trials: 27, halving: {full: 27, first_rung: 3}")
    folder = run_simulated(text, Machine(random.Random(3), workers=8), tmp_path)
    events = list(read_events(folder.journal))
    promoted = [place for place, event in enumerate(events) if isinstance(event, TrialPromoted) and event.rung == 1]
    last_pause = max(place for place, event in enumerate(events) if isinstance(event, TrialPaused) and event.step == 2)
    early = [place for place in promoted if place < last_pause]
    assert len(promoted) == 9 and early, "the best went on while the last trials of the rung still ran"


def test_asha_promotes_before_all_configurations_have_begun(tmp_path: Path) -> None:
    text = _text("asha").replace("n_trials: 40", "n_trials: 60")
    folder = run_simulated(text, Machine(random.Random(3), workers=4), tmp_path)
    events = list(read_events(folder.journal))
    first_promotion = next(place for place, event in enumerate(events) if isinstance(event, TrialPromoted))
    last_fresh = max(
        place for place, event in enumerate(events) if isinstance(event, TrialStarted) and not event.attempt
    )
    assert first_promotion < last_fresh
    trials = read_result(folder).trials
    at_first = sorted(trials, key=lambda trial: (-trial.pauses[0].metrics["val_acc"], trial.number))
    assert {trial.number for trial in at_first[:20]} <= {trial.number for trial in trials if trial.rung > 0}
    assert not any(trial.state is TrialState.PAUSED for trial in trials)
    assert all("of 60, the best 20 go on" in trial.message for trial in trials if not trial.rung)


def test_a_workload_that_never_reports_its_objective_ends_the_sweep_with_what_to_do(start: Start) -> None:
    folder = start(sweep("n_trials: 9, halving: {full: 9}").replace("toy:rising", "toy:nothing"))
    with pytest.raises(ConfigError, match="strategy: halving needs reports, but the first 3 trials made none; leave"):
        run_sweep(folder)


def test_a_halving_learns_from_an_earlier_sweep_at_the_same_rung(tmp_path: Path) -> None:
    machine = Machine(random.Random(1))
    first = run_simulated(sweep("n_trials: 60, halving: {full: 27}", kind="bayesian"), machine, tmp_path)
    text = sweep(f"n_trials: 30, warm_start: '{first.sweep_id}', halving: {{full: 27}}", kind="bayesian")
    tables = []
    for workers in (1, 4):
        again = run_simulated(text, Machine(random.Random(workers), workers=workers), tmp_path)
        tables.append(steady_rows(again))
        trials = read_result(again).trials
        assert sum(abs(float(trial.params["x"]) - 0.3) for trial in trials[:10]) / 10 < 0.25
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_the_best_of_a_halving_is_confirmed_by_full_trainings(start: Start) -> None:
    folder = start(sweep("n_trials: 9, halving: {full: 9, first_rung: 1}"))
    run_sweep(folder)
    confirm_sweep(folder, top=1, seeds=2)
    best = read_result(folder).best
    assert best is not None and len(best.confirmations) == 2
    assert all(run.state is TrialState.COMPLETE for run in best.confirmations.values())
