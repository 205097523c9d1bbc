"""The trials of an Experiment are those of the local sweep, whatever Katib and chance do."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.render.numbered_names import is_spare
from morphogenetic_engine.backends.katib.render.sent_course import has_rungs
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service.request import Refusal, Reply
from morphogenetic_engine.backends.katib.service.suggested_trials import suggestions
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from
from morphogenetic_engine.sweeps.search.warm_start import warm_start_of
from tests.backends.katib.service.collected import collected_table
from tests.backends.katib.service.local_run import local_run, steady
from tests.backends.katib.service.pod import Pods
from tests.backends.katib.service.simulated_katib import NAMESPACE, SimulatedKatib, parsed

X = {"type": "float", "low": -1.0, "high": 2.0}
LR = {"type": "float", "low": 1e-5, "high": 0.1, "log": True}
DEPTH = {"type": "int", "low": 1, "high": 9}
ACT = {"type": "categorical", "choices": ["relu", "ge lu", "50%", ""]}
PLAIN = {"x": X, "lr": LR, "depth": DEPTH, "act": ACT}
NUMBERS = {"x": X, "lr": LR, "width": {"type": "int", "low": 8, "high": 64, "step": 8}}
NESTED = {
    "opt": {"type": "categorical", "choices": ["sgd", "adam"]},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"opt": "sgd"}},
    "x": X,
}
LOOKAHEAD = 8


def sweep(kind: str, parameters: Mapping[str, object], **optimization: object) -> ConfigFile:
    replicates = optimization.pop("replicates", 1)
    settings: dict[str, object] = {"target_metric": "loss", "direction": "minimize", "lookahead": LOOKAHEAD, "seed": 5}
    written = {
        "sweep_type": kind,
        "parameters": {name: each for name, each in parameters.items() if name != "constraints"},
        "experiment": {"workload": "tests.toy:train", "bias": 0.25, "replicates": replicates},
        "optimization": {**settings, **optimization},
    }
    return config_from({**written, "constraints": parameters.get("constraints", [])}, where="sweep.yaml")


def bayesian(sampler: str, parameters: Mapping[str, object], **optimization: object) -> ConfigFile:
    return sweep("bayesian", parameters, **{"sampler": sampler, "n_trials": 26, **optimization})


def with_defaults(parameters: Mapping[str, dict[str, object]], *defaults: object) -> dict[str, object]:
    return {n: {**each, "default": given} for (n, each), given in zip(parameters.items(), defaults, strict=True)}


CONSTRAINED = {**PLAIN, "constraints": ["x * depth <= 6"]}
NORMAL = {"x": {**X, "mean": 0.5, "std": 0.5}, "depth": DEPTH, "lr": LR}
TWO = {"objectives": [{"metric": "loss", "direction": "minimize"}, {"metric": "time", "direction": "minimize"}]}
PBT = {"change": ["x", "lr"], "generation": 1, "population": 6}
SHORT = {"full": 4, "first_rung": 1}
SWEEPS = {
    "grid": sweep("grid", {"x": {**X, "points": 5}, "act": ACT}),
    "grid with a baseline": sweep("grid", with_defaults({"x": {**X, "points": 5}, "depth": DEPTH}, 0.1, 3)),
    "random": sweep("random", PLAIN, n_trials=30),
    "latin hypercube": sweep("latin_hypercube", PLAIN, n_trials=30),
    "sobol": sweep("sobol", PLAIN, n_trials=30),
    "random with constraints": sweep("random", CONSTRAINED, n_trials=30),
    "random with conditions": sweep("random", NESTED, n_trials=30),
    "progressive": sweep("progressive", {"x": X, "lr": LR, "act": ACT}, n_trials=80),
    "progressive with a baseline": sweep("progressive", with_defaults({"x": X, "lr": LR}, 0.3, 0.01), rounds=3),
    "tpe": bayesian("TPE", PLAIN),
    "tpe with conditions": bayesian("TPE", NESTED),
    "tpe with constraints": bayesian("TPE", CONSTRAINED),
    "tpe with a baseline": bayesian("TPE", with_defaults(NUMBERS, 0.5, 0.01, 16)),
    "tpe with a prior": bayesian("TPE", NORMAL),
    "tpe of two objectives": bayesian("TPE", PLAIN, **TWO),
    "tpe with another metric": bayesian("TPE", PLAIN, secondary_metrics=["val/acc"]),
    "tpe with replicates": bayesian("TPE", PLAIN, replicates=3),
    "gp": bayesian("GP", NUMBERS, n_trials=13),
    "cma-es": bayesian("CmaEs", NUMBERS),
    "qmc": bayesian("QMC", NUMBERS),
    "nsga-ii": bayesian("NSGAII", PLAIN, n_trials=60, **TWO),
    "auto": bayesian("auto", PLAIN),
    "tpe with a median pruner": bayesian("TPE", PLAIN, pruner="MedianPruner", n_trials=40),
    "random with a percentile pruner": sweep(
        "random",
        PLAIN,
        n_trials=40,
        pruner="PercentilePruner",
        pruner_options={"percentile": 40.0, "n_warmup_steps": 2, "interval_steps": 3},
    ),
    "sobol with a patient pruner": sweep(
        "sobol", PLAIN, n_trials=40, pruner="PatientPruner", pruner_options={"patience": 0}
    ),
    "tpe with successive halving": bayesian(
        "TPE", PLAIN, n_trials=40, pruner="SuccessiveHalvingPruner", pruner_options={"reduction_factor": 2}
    ),
    "tpe with hyperband": bayesian("TPE", NESTED, n_trials=40, pruner="HyperbandPruner"),
    "random with wilcoxon on replicates": sweep(
        "random", PLAIN, n_trials=30, replicates=6, pruner="WilcoxonPruner", pruner_options={"p_threshold": 0.3}
    ),
    "random with halving": sweep(
        "random", PLAIN, n_trials=27, strategy="halving", halving={"full": 6, "first_rung": 1}
    ),
    "tpe with halving in brackets": bayesian(
        "TPE", NESTED, n_trials=30, strategy="halving", halving={"full": 5, "first_rung": 1, "eta": 2, "brackets": 3}
    ),
    "halving of two objectives": bayesian(
        "TPE", PLAIN, n_trials=20, strategy="halving", halving={"full": 6, "first_rung": 2}, **TWO
    ),
    "grid with halving": sweep("grid", {"x": {**X, "points": 4}, "act": ACT}, strategy="halving", halving=SHORT),
    "random with asha": sweep("random", PLAIN, n_trials=27, strategy="asha", halving=SHORT),
    "sobol with asha": sweep(
        "sobol", NESTED, n_trials=40, strategy="asha", halving={"full": 6, "first_rung": 1, "eta": 2}
    ),
    "asha of two objectives": sweep("random", PLAIN, n_trials=20, strategy="asha", halving=SHORT, **TWO),
    "population": sweep("random", PLAIN, n_trials=30, strategy="pbt", pbt=PBT),
    "population to the full length": sweep(
        "sobol", NUMBERS, n_trials=24, strategy="pbt", pbt={"change": ["lr"], "full": 6, "population": 8}
    ),
    "population of two objectives": sweep("latin_hypercube", PLAIN, n_trials=24, strategy="pbt", pbt=PBT, **TWO),
    "auto with halving": bayesian("TPE", PLAIN, n_trials=20, strategy="auto", halving={**SHORT, "brackets": 2}),
    "tpe with an outcome constraint": bayesian("TPE", PLAIN, outcome_constraints={"time": {"max": 1.9}}),
    "halving with an outcome constraint": sweep(
        "random", PLAIN, n_trials=20, strategy="halving", halving=SHORT, outcome_constraints={"time": {"max": 1.9}}
    ),
    "nsga-ii with an outcome constraint": bayesian(
        "NSGAII", PLAIN, n_trials=60, outcome_constraints={"third": {"min": 2.2}}, **TWO
    ),
}
FAILING = frozenset({2, 7, 8, 20})


def asked_twice(request: Mapping[str, object]) -> Reply | str:
    """Asks with the trials in two orders, as after a restart: nothing is kept between the calls."""
    answer = suggestions(parsed(request), NAMESPACE)
    trials = request["trials"]
    assert isinstance(trials, list)
    assert suggestions(parsed({**request, "trials": trials[::-1]}), NAMESPACE) == answer
    return f"{answer.code}: {answer.text}" if isinstance(answer, Refusal) else answer


QUICK = {
    "grid",
    "tpe",
    "progressive with a baseline",
    "tpe with a median pruner",
    "tpe with halving in brackets",
    "random with asha",
}


@pytest.mark.parametrize(
    ("name", "parallel"),
    [
        pytest.param(name, parallel, marks=[] if name in QUICK and parallel == 3 else pytest.mark.slow)
        for name in SWEEPS
        for parallel in (1, 3, 8)
    ],
)
def test_an_experiment_has_the_trials_of_the_local_sweep(
    name: str, parallel: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = local_run(SWEEPS[name], tmp_path, monkeypatch, FAILING, workers=4)
    config = folder.read_info().config
    chance = random.Random(f"{name} {parallel}")
    pods = Pods(config, FAILING, tmp_path, monkeypatch)
    katib = SimulatedKatib(SentSweep(config, parallel), asked_twice, pods, chance, parallel)

    trials = katib.run()

    assert collected_table(trials, SWEEPS[name], config, tmp_path) == steady(folder.table)
    stored = collected_table(
        trials, SWEEPS[name], config, tmp_path, journal=pods.journals.__getitem__, sweep_id="stored"
    )
    assert stored == steady(folder.table)
    assert (config.prunes or has_rungs(config)) == any("pruned" in row for row in steady(folder.table))
    assert all(told.startswith(("UNAVAILABLE: trial", "OUT_OF_RANGE")) for told in katib.refusals)


@pytest.mark.parametrize("seed", [6, 13, 15, 23])
def test_a_trial_that_lost_its_metrics_runs_again_though_a_batch_went_beyond_the_last_place(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = local_run(SWEEPS["grid"], tmp_path, monkeypatch, FAILING, workers=4)
    config = folder.read_info().config
    pods = Pods(config, FAILING, tmp_path, monkeypatch)
    katib = SimulatedKatib(SentSweep(config, 8), asked_twice, pods, random.Random(seed), 8)
    trials = katib.run()
    assert any(map(is_spare, katib.suggested)), "choose a seed with which a batch goes beyond the last place"
    assert collected_table(trials, SWEEPS["grid"], config, tmp_path) == steady(folder.table)


@pytest.mark.parametrize("parallel", [1, 8])
def test_a_trial_without_metrics_that_nobody_deletes_has_failed_and_the_others_are_there(
    parallel: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = local_run(SWEEPS["grid"], tmp_path, monkeypatch, FAILING, workers=4)
    config = folder.read_info().config
    pods, sent = Pods(config, FAILING, tmp_path, monkeypatch), SentSweep(config, parallel)
    trials = SimulatedKatib(sent, asked_twice, pods, random.Random(4), parallel, deletes=0, careless=True).run()
    found = collected_table(trials, SWEEPS["grid"], config, tmp_path)
    expected = steady(folder.table)
    (lost,) = (number for number, (row, local) in enumerate(zip(found, expected, strict=True)) if row != local)
    assert found[lost][:3] == [expected[lost][0], "failed", "missing_metric"]


@pytest.mark.slow
def test_a_warm_start_gives_the_trials_of_the_local_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local_run(SWEEPS["tpe"], tmp_path, monkeypatch, FAILING, workers=2, sweep_id="earlier")
    warm = bayesian("TPE", PLAIN, warm_start="earlier", seed=9)
    folder = local_run(warm, tmp_path, monkeypatch, FAILING, workers=3)
    config = folder.read_info().config
    pods = Pods(config, FAILING, tmp_path, monkeypatch)
    sent = SentSweep(config, 3, warm_start_of(config, tmp_path))
    found = collected_table(SimulatedKatib(sent, asked_twice, pods, random.Random(2), 3).run(), warm, config, tmp_path)
    assert found == steady(folder.table)
    cold = SimulatedKatib(SentSweep(config, 3), asked_twice, pods, random.Random(2), 3).run()
    assert collected_table(cold, warm, config, tmp_path, sweep_id="cold") != found


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "reports"), [("halving", {"full": 9, "first_rung": 7}), ("asha", SHORT)])
def test_rungs_that_most_trials_never_reach_are_the_local_ones(
    strategy: str, reports: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = frozenset(range(27)) - {3, 11}
    file = sweep("random", PLAIN, n_trials=27, strategy=strategy, halving=reports)
    folder = local_run(file, tmp_path, monkeypatch, few, workers=4)
    config = folder.read_info().config
    pods = Pods(config, few, tmp_path, monkeypatch)
    trials = SimulatedKatib(SentSweep(config, 3), asked_twice, pods, random.Random(3), 3).run()
    assert collected_table(trials, file, config, tmp_path) == steady(folder.table)
    assert strategy == "asha" or any(
        trial.assignments["trial.job"] == "none" for trial in trials
    )  # nine places for two
