"""A halving with one worker trains as many steps as its plan says, and the best of a rung go on."""

from __future__ import annotations

from benchmarks.problems.rung_attempts import attempts
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of


def test_the_best_of_each_rung_are_trained_to_the_end() -> None:
    config = parse_config(
        {
            "sweep_type": "random",
            "experiment": {"workload": "toy:rising"},
            "parameters": {"x": {"low": 0.0, "high": 1.0}},
            "optimization": {"n_trials": 27, "strategy": "halving", "halving": {"full": 18}},
        },
        where="sweep",
    )
    steps = 0
    complete: list[TrialRecord] = []
    values: list[float] = []
    for trial, pause in attempts(strategy_of(config), lambda _number, suggested: dict(suggested)):
        if not trial.curve:
            values.append(float(trial.params["x"]))
        reports = range(len(trial.curve), 18 if pause is None else pause)
        steps += len(reports)
        trial.curve.update({step: {"val_acc": float(trial.params["x"])} for step in reports})
        if pause is None:
            complete.append(trial)
    assert steps == config.optimization.halving.plan(27, 18, learns=False).steps
    found = {float(trial.params["x"]) for trial in complete}
    assert found == set(sorted(values)[-len(complete) :])
