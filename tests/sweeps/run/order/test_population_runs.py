"""Population-based training in the run loop: the same table and line of descent at any number of workers and kills."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError, FailureReason
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.record.events import StepsRepeated, TrialEnded, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run import runner
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Message, PausedAttempt, Reported, TrialTask, failed
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.sweeps.run.simulated_executor import Killed, Machine, SimulatedExecutor
from tests.tables import steady_rows

Table = list[dict[str, str]]
PBT = "n_trials: 40, pbt: {change: [lr], population: 8, full: 20}"


def text(optimization: str = PBT, workload: str = "toy:nothing") -> str:
    return f"""
sweep_type: random
experiment: {{workload: "{workload}"}}
parameters: {{lr: {{low: 1.0e-4, high: 1.0, log: true}}, width: [8, 16, 32]}}
execution: {{retries: {{crashes: 1000}}}}
optimization: {{strategy: pbt, {optimization}}}
"""


class _Executor(SimulatedExecutor):
    """Trials that keep what they learnt in their folders: a value that grows as fast as the learning rate is good."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._machine = machine

    def _run(self, task: TrialTask) -> Iterator[Message]:
        machine, saved = self._machine, task.dir / "state"
        step, value = 0, 0.0
        if machine.saves and saved.exists():
            before = saved.read_text(encoding="utf-8").split()
            step, value = int(before[0]), float(before[1])
        last, left = task.reported_until, task.pause_after
        while step < machine.reports:
            if task.trial in machine.failing:
                yield failed(task.key, FailureReason.EXCEPTION, "diverged")
                return
            machine.steps += 1
            value += 1 / (1 + abs(float(task.params["lr"]) - 0.1)) + task.seed % 7 / 100
            task.dir.mkdir(parents=True, exist_ok=True)
            step += 1
            saved.write_text(f"{step} {value!r}", encoding="utf-8")
            yield Reported(*task.key, step - 1, {"val_acc": value})
            if left is not None and (last is None or step - 1 > last):
                left -= 1
                if left == 0:
                    yield PausedAttempt(*task.key)
                    return
        yield Ended(*task.key, TrialState.COMPLETE, {"val_acc": value})


def run_simulated(written: str, machine: Machine, place: Path) -> SweepFolder:
    """Runs a new sweep to its end, over all kills."""

    @contextmanager
    def opened(setup: ExecutorSetup) -> Iterator[tuple[_Executor, SimpleNamespace]]:
        del setup
        yield _Executor(machine), SimpleNamespace(requested=None)

    folder = start_sweep(config_of_text(written, where="sweep.yaml"), results=place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "open_executor", opened)
        while True:
            try:
                run_sweep(folder)
                return folder
            except Killed:
                continue


def descent(folder: SweepFolder) -> list[int | None]:
    return [trial.parent for trial in read_result(folder).trials]


def machine_of(seed: int = 0, workers: int = 1, *, kills: int = 0, crashes: int = 0) -> Machine:
    return Machine(random.Random(seed), workers, 20, kills=kills, crashes=crashes, failing=frozenset({3, 12}))


@pytest.fixture(scope="module", name="calm")
def calm_table(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """The sweep of one worker, undisturbed."""
    return run_simulated(text(), machine_of(), tmp_path_factory.mktemp("calm"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 4, 8]), st.integers(0, 6), st.integers(0, 4))
def test_any_number_of_workers_kills_and_crashes_give_the_same_table(  # pylint: disable=too-many-positional-arguments
    tmp_path_factory: pytest.TempPathFactory, calm: SweepFolder, seed: int, workers: int, kills: int, crashes: int
) -> None:
    machine = machine_of(seed, workers, kills=kills, crashes=crashes)
    folder = run_simulated(text(), machine, tmp_path_factory.mktemp("sweep"))
    assert steady_rows(folder) == steady_rows(calm)
    assert descent(folder) == descent(calm)
    ends = [event.trial for event in read_events(folder.journal) if isinstance(event, TrialEnded)]
    assert sorted(ends) == list(range(40))


def test_the_worst_quarter_goes_on_from_copies_of_the_best_with_other_parameters(calm: SweepFolder) -> None:
    trials = read_result(calm).trials
    for first in range(8, 40, 8):
        before, after = trials[first - 8 : first], trials[first : first + 8]
        values = {each.number: each.metrics.get("val_acc", float("-inf")) for each in before}
        order = [number for _, number in sorted((-value, number) for number, value in values.items())]
        for place, each in enumerate(after):
            parent = each.parent
            assert parent is not None
            if before[place].number in order[-2:]:
                assert parent in order[:2] and each.params["lr"] != trials[parent].params["lr"]
            else:
                assert parent == before[place].number and each.params == trials[parent].params
            assert (each.params["width"], each.seed) == (trials[parent].params["width"], trials[parent].seed)


def test_a_member_goes_on_where_its_parent_was_and_the_last_one_runs_to_the_end(calm: SweepFolder) -> None:
    trials = read_result(calm).trials
    assert [sorted(trials[number].curve) for number in (0, 8, 32)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [16, 17, 18, 19],
    ]
    best = read_result(calm).best
    assert best is not None and best.number >= 32


def test_the_population_finds_better_values_than_members_that_never_change(tmp_path: Path) -> None:
    found = read_result(run_simulated(text(), machine_of(), tmp_path / "pbt")).best
    fixed = text("n_trials: 8, pbt: {change: [lr], population: 8, full: 20}")
    alone = read_result(run_simulated(fixed, machine_of(), tmp_path / "alone")).best
    assert found is not None and alone is not None and found.metrics["val_acc"] > alone.metrics["val_acc"]


def test_steps_that_a_workload_without_checkpoints_repeats_are_counted(tmp_path: Path) -> None:
    machine = Machine(random.Random(0), 2, reports=20, saves=False)
    folder = run_simulated(text(), machine, tmp_path)
    repeated = sum(event.steps for event in read_events(folder.journal) if isinstance(event, StepsRepeated))
    assert repeated == 8 * (4 + 8 + 12 + 16)
    assert machine.steps == 8 * 20 + repeated


@cache
def _refusals() -> dict[str, tuple[str, str]]:
    return {
        "n_trials: 8, pbt: {full: 20}": ("random", "pbt.change: must name"),
        "n_trials: 8, pbt: {change: [lr]}": ("random", "pbt.full: must be given"),
        "n_trials: 8, pbt: {change: [rate], full: 9}": ("random", "rate is not searched"),
        "pbt: {change: [lr], full: 9}": ("random", "n_trials: must be given"),
        "n_trials: 8, pbt: {change: [lr], full: 9} ": ("bayesian", "takes its first members from"),
        "n_trials: 8, pruner: MedianPruner, pbt: {change: [lr], full: 9}": ("random", "leave the pruner out"),
    }


@pytest.mark.parametrize("optimization", _refusals())
def test_settings_that_do_not_fit_are_refused_with_what_to_do(optimization: str) -> None:
    kind, message = _refusals()[optimization]
    with pytest.raises(ConfigError, match=message):
        config_of_text(text(optimization).replace("sweep_type: random", f"sweep_type: {kind}"), where="sweep.yaml")
