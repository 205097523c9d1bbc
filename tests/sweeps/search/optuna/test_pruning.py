"""Pruning: the stopped trials, the trials that a decision depends on, and equal decisions in every process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import PRUNERS as REGISTERED
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind
from morphogenetic_engine.sweeps.search.optuna.optuna_pruner import OptunaPruner, build_pruner
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.trial import Value
from tests.bayesian_history import End, config_of, pruned, record

STEPS = 5
TRIALS = 10
PRUNERS: Mapping[str, Mapping[str, Value]] = {
    "MedianPruner": {"n_startup_trials": 3},
    "PercentilePruner": {"percentile": 30.0, "n_startup_trials": 2, "n_warmup_steps": 1, "interval_steps": 2},
    "PatientPruner": {"patience": 1},
    "SuccessiveHalvingPruner": {"reduction_factor": 2},
    "HyperbandPruner": {"reduction_factor": 2},
    "WilcoxonPruner": {"p_threshold": 0.2},
}
every_pruner = pytest.mark.parametrize("pruner", PRUNERS)
curves_of_trials = st.lists(
    st.lists(st.integers(-20, 20).map(lambda value: value / 4), min_size=STEPS, max_size=STEPS),
    min_size=TRIALS,
    max_size=TRIALS,
)


def pruning_config(pruner: str, **optimization: object) -> SweepConfig:
    given: dict[str, object] = {"pruner_options": PRUNERS.get(pruner, {}), "n_trials": 99, **optimization}
    return config_of("Random", pruner=pruner, optimization=given)


def rising(height: float) -> list[float]:
    return [height + step / 10 for step in range(STEPS)]


def falling(height: float) -> list[float]:
    return [height - step / 10 for step in range(STEPS)]


def states(trials: Sequence[TrialRecord]) -> list[bool]:
    """Tells of each trial whether it was pruned."""
    return [trial.state is TrialState.PRUNED for trial in trials]


@every_pruner
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_what_is_clearly_worse_is_stopped_and_what_gets_better_and_better_is_not(pruner: str, direction: str) -> None:
    sign = 1 if direction == "maximize" else -1
    curves = [rising(number) for number in range(10)] + [falling(-9.0 - number) for number in range(8)]
    turned = [[sign * value for value in curve] for curve in curves]
    ends = states(pruned(pruning_config(pruner, direction=direction, lookahead=2), turned))
    assert not any(ends[:10])
    assert any(ends[10:]) if pruner == "HyperbandPruner" else all(ends[10:])  # brackets have different patience


@every_pruner
@pytest.mark.parametrize("lookahead", [1, 3, 5])
def test_the_first_trials_are_never_stopped(pruner: str, lookahead: int) -> None:
    curves = [falling(-float(number)) for number in range(lookahead)]
    assert not any(states(pruned(pruning_config(pruner, lookahead=lookahead), curves)))


@every_pruner
@given(curves=curves_of_trials)
@settings(max_examples=8)
def test_decisions_one_after_the_other_are_those_of_optuna(pruner: str, curves: list[list[float]]) -> None:
    ours = pruned(pruning_config(pruner, lookahead=1), curves)
    assert [len(trial.curve) for trial in ours] == _optunas_steps(pruner, curves)


def _optunas_steps(pruner: str, curves: Sequence[Sequence[float]]) -> list[int]:
    """Returns how many steps each trial takes in Optuna's own loop."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    made = build_pruner(pruner, REGISTERED.load(pruner, OptunaPrunerKind), PRUNERS[pruner])
    study = optuna.create_study(study_name="sweep", direction="maximize", pruner=made, sampler=sampler)
    taken = []
    for curve in curves:
        trial, steps, stopped = study.ask(), 0, False
        while steps < len(curve) and not stopped:
            trial.report(curve[steps], steps)
            stopped = trial.should_prune()
            steps += 1
        ended = optuna.trial.TrialState.PRUNED if stopped else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if stopped else curve[-1], ended)
        taken.append(steps)
    return taken


@every_pruner
@given(curves=curves_of_trials, changed=st.integers(0, TRIALS - 1), lookahead=st.integers(1, 5))
@settings(max_examples=8)
def test_a_trial_decides_about_none_before_lookahead_trials_later(
    pruner: str, curves: list[list[float]], changed: int, lookahead: int
) -> None:
    config = pruning_config(pruner, lookahead=lookahead)
    before = pruned(config, curves)
    curves[changed] = [value + 3.0 for value in curves[changed]]
    after = pruned(config, curves)
    others = [number for number in range(changed + lookahead) if number < TRIALS and number != changed]
    assert [after[number] for number in others] == [before[number] for number in others]


@every_pruner
@given(curves=curves_of_trials, restarts=st.sets(st.integers(1, TRIALS - 1), min_size=1), lookahead=st.integers(1, 4))
@settings(max_examples=8)
def test_a_process_that_takes_over_at_any_trial_decides_the_same(
    pruner: str, curves: list[list[float]], restarts: set[int], lookahead: int
) -> None:
    config = pruning_config(pruner, lookahead=lookahead)
    assert pruned(config, curves, restarts=restarts) == pruned(config, curves)


@every_pruner
@given(curves=curves_of_trials, known=st.integers(1, STEPS - 1))
@settings(max_examples=8)
def test_an_attempt_that_goes_on_from_a_checkpoint_decides_as_one_that_reported_all(
    pruner: str, curves: list[list[float]], known: int
) -> None:
    config = pruning_config(pruner, lookahead=2)
    *earlier, last = pruned(config, curves)
    reached = min(known, len(last.curve) - 1)  # no checkpoint is later than the step that ended the trial
    reported = {step: last.curve[step] for step in range(known) if step in last.curve}
    decisions = OptunaPruner(config).decisions(TRIALS - 1, {"x": 0.5}, earlier[:-1], reported)
    stops = [decisions.decide(step, curves[-1][step]) is Decision.STOP for step in range(reached, len(last.curve))]
    assert stops == [False] * (len(stops) - 1) + [last.state is TrialState.PRUNED]


def test_a_decision_that_a_killed_process_did_not_pass_on_is_made_at_the_next_report() -> None:
    config = pruning_config("MedianPruner", lookahead=1)
    ended = pruned(config, [rising(1.0)] * 4)
    decisions = OptunaPruner(config).decisions(4, {"x": 0.5}, ended, {0: {"val_acc": -5.0}})
    assert decisions.decide(1, 99.0) is Decision.STOP


def test_a_trial_that_runs_again_is_decided_from_what_its_first_attempt_saw() -> None:
    config = pruning_config("MedianPruner", lookahead=1)
    ended = pruned(config, [rising(0.0)] * 4 + [rising(9.0)] * 6)
    pruning = OptunaPruner(config)
    assert pruning.decisions(10, {"x": 0.5}, ended, {}).decide(0, 0.0) is Decision.STOP
    assert pruning.decisions(4, {"x": 0.5}, ended[:4], {}).decide(0, 0.0) is Decision.GO_ON


def test_failed_trials_and_trials_without_reports_decide_nothing() -> None:
    config = pruning_config("MedianPruner", lookahead=1)
    silent = [record(number, {"x": 0.5}, End(TrialState.FAILED)) for number in range(4)]
    silent += [record(number, {"x": 0.5}, End(value=9.0)) for number in range(4, 8)]
    assert OptunaPruner(config).decisions(8, {"x": 0.5}, silent, {}).decide(0, -9.0) is Decision.GO_ON


@pytest.mark.parametrize(
    ("optimization", "message"),
    [
        ({"pruner": "MedianPrunner"}, r"optimization.pruner: .*did you mean 'MedianPruner'\?"),
        (
            {"pruner": "MedianPruner", "pruner_options": {"n_startup_trails": 3}},
            r"optimization.pruner_options.n_startup_trails: unknown option of MedianPruner;"
            r" did you mean 'n_startup_trials'\?",
        ),
        (
            {"pruner": "HyperbandPruner", "pruner_options": {"zzz": 3}},
            r"optimization.pruner_options.zzz: unknown option of HyperbandPruner; HyperbandPruner has min_resource, .*",
        ),
        (
            {"pruner": "PatientPruner", "pruner_options": {"patience": "long"}},
            r"optimization.pruner_options.patience: must be a whole number, but got 'long'",
        ),
        (
            {"pruner": "PercentilePruner", "pruner_options": {"percentile": 200}},
            r"optimization.pruner_options: .*percentile=200.",
        ),
        (
            {"pruner": "MedianPruner", "objectives": [{"metric": "a"}, {"metric": "b"}]},
            r"optimization.pruner: MedianPruner takes one objective; use none",
        ),
    ],
)
def test_a_pruner_that_cannot_work_is_one_line(optimization: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^(sweep.yaml: )?{message}$"):
        strategy_of(config_of("Random", optimization=optimization))
