"""The sampler `auto`: exactly one rule applies, and it depends on the configuration only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig, identity_of
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep
from morphogenetic_engine.sweeps.schema.optimization_section import AUTO_RULES
from morphogenetic_engine.sweeps.search import fitting
from morphogenetic_engine.sweeps.search.registry import fired_rule
from morphogenetic_engine.sweeps.search.samplers.auto import AutoStrategy, Phase, auto_choice
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from tests.tables import steady_rows

X: dict[str, object] = {"low": 0.0, "high": 1.0}


def config_of(parameters: dict[str, object], trials: int, **optimization: object) -> SweepConfig:
    written = {
        "sweep_type": "bayesian",
        "parameters": parameters,
        "optimization": {"sampler": "auto", "n_trials": trials, **optimization},
    }
    return parse_config(written, where="sweep.yaml")


@pytest.mark.parametrize(
    ("config", "phases"),
    [
        (config_of({"a": [1, 2], "b": [1, 2, 3]}, 50), ()),
        (config_of({"a": X, "b": X}, 50), (Phase(10, "TPE"),)),
        (config_of({name: X for name in "abcdefgh"}, 50), (Phase(10, "TPE"),)),
        (config_of({name: X for name in "abcdefgh"}, 50, auto_rules=1), (Phase(16, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 100), (Phase(10, "GP"),)),
        (config_of({"a": X, "b": [1, 2]}, 101), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 100, auto_rules=1), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 100, expected_trial_seconds=0.9), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 250, expected_trial_seconds=10), (Phase(10, "GP"),)),
        (config_of({"a": X, "b": [1, 2]}, 50, pruner="MedianPruner"), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 50, strategy="halving"), (Phase(10, "TPE"),)),
        (config_of({"b": [1, 2], **{f"a{n}": X for n in range(20)}}, 50), (Phase(10, "TPE"),)),
        (config_of({"a": X}, 50, lookahead=32), (Phase(32, "TPE"),)),
        (config_of({"a": X, "b": [1, 2]}, 900), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": X}, 900), (Phase(10, "TPE"), Phase(250, "CmaEs"))),
        (config_of({"a": X, "b": X}, 500), (Phase(10, "TPE"), Phase(250, "CmaEs"))),
        (config_of({"a": X, "b": X}, 499), (Phase(10, "TPE"),)),
        (config_of({"a": X}, 900), (Phase(10, "TPE"),)),
        (config_of({"a": [1, 2], "b": [1, 2, 3]}, 6), ()),
        (config_of({"a": [1, 2], "b": [1, 2, 3]}, 5), (Phase(5, "GP"),)),
        (config_of({"a": X}, 250, expected_trial_seconds=10), (Phase(10, "GP"),)),
        (config_of({"a": X, "b": X}, 251, expected_trial_seconds=10), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": X}, 250, expected_trial_seconds=9.9), (Phase(10, "TPE"),)),
        (config_of({f"a{n}": X for n in range(20)}, 50, expected_trial_seconds=60), (Phase(10, "GP"),)),
        (config_of({f"a{n}": X for n in range(21)}, 50, expected_trial_seconds=60), (Phase(10, "TPE"),)),
        (config_of({"a": X, "b": X}, 50, expected_trial_seconds=60), (Phase(10, "GP"),)),
        (config_of({"a": X, "b": {**X, "when": {"c": 1}}, "c": [1, 2]}, 900), (Phase(10, "TPE"),)),
        (
            config_of({"a": X, "b": X}, 900, objectives=[{"metric": "acc"}, {"metric": "loss"}]),
            (Phase(10, "TPE"),),
        ),
    ],
)
def test_the_first_rule_that_fits_fires(config: SweepConfig, phases: tuple[Phase, ...]) -> None:
    assert auto_choice(config).phases == phases
    assert fired_rule(config) == auto_choice(config).rule


def test_a_small_space_is_run_once() -> None:
    config = config_of({"a": [1, 2], "b": {"type": "int", "low": 1, "high": 30}}, 100)
    suggestions = AutoStrategy(config)
    assert suggestions.trials == total_trials(config) == 60
    assert len({tuple(suggestions.suggest(n, NOTHING_EARLIER).items()) for n in range(60)}) == 60


def test_auto_sweeps_give_the_same_table_at_any_number_of_workers_and_after_a_stop(
    start: Callable[[str], SweepFolder],
) -> None:
    tables = []
    for workers in (1, 4):
        folder = start(f"""
sweep_type: bayesian
experiment: {{workload: "toy:quadratic", seconds: 0.0}}
parameters: {{x: {{type: float, low: 0, high: 1}}, y: {{type: float, low: 0, high: 1}}}}
execution: {{max_parallel: {workers}}}
optimization: {{n_trials: 30, lookahead: 4, sampler: auto}}
""")
        run_sweep(folder)
        tables.append(steady_rows(folder))
    assert tables[0] == tables[1] and len(tables[0]) == 30
    assert len(read_result(folder).ranked) == 30


def test_cma_es_takes_over_around_the_best(start: Callable[[str], SweepFolder]) -> None:
    folder = start("""
sweep_type: bayesian
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {type: float, low: 0, high: 1}, y: {type: float, low: 0, high: 1}}
execution: {max_parallel: 1}
optimization: {n_trials: 500, sampler: auto, budget: {steps: 840}}
""")
    run_sweep(folder)
    late = [float(trial.params["x"]) for trial in read_result(folder).trials[255:280]]
    assert len(late) == 25
    assert sum(abs(x - 0.3) for x in late) / len(late) < 0.2


def test_the_rule_is_recorded_and_a_resume_that_would_fire_another_is_refused(
    start: Callable[[str], SweepFolder],
) -> None:
    folder = start("""
sweep_type: bayesian
experiment: {workload: "toy:nothing"}
parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}}
optimization: {n_trials: 12, sampler: auto}
""")
    assert folder.read_info().rule == "choices, conditions or few trials: TPE"
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 20})
    with pytest.raises(SweepError, match=r"n_trials: with 600 trials the sampler auto takes another search \(many"):
        continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 600})


def test_a_resumed_sweep_keeps_the_rules_that_it_was_started_with(start: Callable[[str], SweepFolder]) -> None:
    text = """
sweep_type: bayesian
experiment: {workload: "toy:nothing"}
parameters: {x: {low: 0.0, high: 1.0}, y: [1, 2]}
optimization: {n_trials: 12, sampler: auto%s}
"""
    new, old = start(text % ""), start(text % ", auto_rules: 1")
    assert new.read_info().config.optimization.auto_rules == AUTO_RULES
    assert new.read_info().rule == "few full trainings with choices: GP"
    assert new.read_info().identity != old.read_info().identity
    for folder, rules in ((new, AUTO_RULES), (old, 1)):
        more = {"optimization.n_trials": 20}
        again = continue_sweep(folder.sweep_id, results=folder.path.parent, overrides=more)
        assert again.read_info().config.optimization.auto_rules == rules


def test_a_sweep_of_an_earlier_version_has_the_first_rules(start: Callable[[str], SweepFolder]) -> None:
    folder = start("""
sweep_type: bayesian
experiment: {workload: "toy:nothing"}
parameters: {x: {low: 0.0, high: 1.0}, y: [1, 2]}
optimization: {n_trials: 12, sampler: auto, auto_rules: 1}
""")
    info = folder.read_info()
    record = info.model_dump(mode="json")
    del record["config"]["optimization"]["auto_rules"]
    assert identity_of(record["config"]) == info.identity
    assert SweepInfo.model_validate(record).config == info.config


def test_a_package_that_the_chosen_sampler_lacks_is_told_with_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "find_spec", lambda name: None if name == "torch" else name)
    with pytest.raises(
        ConfigError, match=r"GP needs torch: pip .*; auto chose it \(few full trainings with choices: GP\)"
    ):
        AutoStrategy(config_of({"a": X, "b": [1, 2]}, 50))
