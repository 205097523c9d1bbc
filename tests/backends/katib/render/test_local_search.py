"""The Experiment whose trials our service suggests: those of the local sweep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments, params_of_exact
from morphogenetic_engine.backends.katib.render.experiment import unsupported_settings
from morphogenetic_engine.backends.katib.render.numbered_names import (
    idle_name,
    is_idle,
    is_spare,
    number_in,
    numbered_name,
    spare_name,
)
from morphogenetic_engine.backends.katib.render.sent_course import Parent, assigned_parent
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep, sweep_of_settings, sweep_settings
from morphogenetic_engine.backends.katib.render.validation import validate_experiment
from morphogenetic_engine.backends.katib.service.request import Experiment
from morphogenetic_engine.backends.katib.service.settings_check import check_settings
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from tests.backends.katib.render.configs import MEDIAN, at, container, rendered, spec, sweep, unsupported

OURS = {"algorithm": "morphogenetic", "parallel": 3}
STORED = {**OURS, "store": "s3://bucket/trials"}


def test_the_experiment_has_the_sweep_and_is_what_the_service_expects() -> None:
    file = sweep(optimization={"lookahead": 4})
    validate_experiment(rendered(file, **OURS).manifest)
    found = spec(file, **OURS)
    settings = {each["name"]: each["value"] for each in at(found, "algorithm", "algorithmSettings")}
    sent = sweep_of_settings(settings)
    assert (sent.config.parameters, sent.slots) == (file.config.parameters, 3)
    asked = {
        "name": "sweep",
        "spec": {
            "parameter_specs": {"parameters": [{"name": each["name"]} for each in at(found, "parameters")]},
            "objective": {"type": "MAXIMIZE", "objective_metric_name": at(found, "objective", "objectiveMetricName")},
            "algorithm": {"algorithm_settings": at(found, "algorithm", "algorithmSettings")},
            "parallel_trial_count": found["parallelTrialCount"],
            "max_trial_count": found["maxTrialCount"],
        },
    }
    assert check_settings(Experiment.model_validate(asked)) is None
    assert str(at(container(file, **OURS), "args", 0)).endswith("--number-from-name )")


def test_a_lookahead_that_is_left_out_is_the_number_of_trials_at_a_time() -> None:
    settings = at(spec(sweep(), **OURS), "algorithm", "algorithmSettings")
    sent = sweep_of_settings({each["name"]: each["value"] for each in settings})
    assert sent.config.optimization.lookahead == 3


@pytest.mark.parametrize(
    ("optimization", "told"),
    [
        ({"lookahead": 2}, "execution.max_parallel: must be <= 2, the optimization.lookahead, but got 3"),
        ({**MEDIAN, "secondary_metrics": ["trial_steps"]}, "trial_steps: trials report it to Katib themselves"),
        ({"strategy": "halving", "halving": {"full": 9}}, "--store: must be given with optimization.strategy: a trial"),
        ({"n_trials": 2000}, "optimization.n_trials: must be <= 1900 on Katib, but got 2000"),
    ],
)
def test_what_the_service_cannot_run_is_refused(optimization: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=f"^sweep.yaml: {told}"):
        rendered(sweep(optimization=optimization), **OURS)


def test_trials_with_a_pruner_get_its_thresholds_and_tell_of_their_reports() -> None:
    file = sweep(optimization={**MEDIAN, "lookahead": 4})
    validate_experiment(rendered(file, **OURS).manifest)
    found = spec(file, **OURS)
    assert "earlyStopping" not in found
    assert at(found, "objective", "additionalMetricNames") == ["trial_steps", "trial_curve"]
    parameters = [each["name"] for each in at(found, "parameters")]
    assert parameters[-1] == "trial.thresholds"
    assert unsupported(file, **OURS).keys() == {"execution.timeout_per_trial", "execution.retries"}


def test_a_number_of_jobs_that_is_not_known_before_is_refused() -> None:
    told = "optimization.halving.full: must be given on Katib, which must know"
    with pytest.raises(ConfigError, match=f"^sweep.yaml: {told}"):
        rendered(sweep(optimization={"strategy": "halving"}), **STORED)


def test_each_training_to_a_rung_is_a_trial_of_katib() -> None:
    halving = {"full": 9, "first_rung": 1, "brackets": 1}
    file = sweep(optimization={"strategy": "halving", "halving": halving, "n_trials": 18})
    validate_experiment(rendered(file, **STORED).manifest)
    found = spec(file, **STORED)
    assert (found["maxTrialCount"], found["parallelTrialCount"]) == (18 + 2 + 6 + 2 + 2, 3)  # and idle places
    assert [each["name"] for each in at(found, "parameters")][-1] == "trial.job"
    listed = unsupported_settings(file, RenderOptions(algorithm="morphogenetic", parallel=3))
    told = {each.key: each.text for each in listed}
    assert told["optimization.strategy"].startswith("each training to a rung is a trial of Katib's: 26; before each")


def test_an_asha_has_the_trials_that_it_needs_if_none_fails() -> None:
    asha = {"strategy": "asha", "halving": {"full": 9, "first_rung": 1}, "n_trials": 20}
    file = sweep(kind="random", optimization=asha)
    validate_experiment(rendered(file, **STORED).manifest)
    assert spec(file, **STORED)["maxTrialCount"] == 20 + 6 + 2 + 12
    told = unsupported(file, **STORED)["optimization.strategy"]
    assert told.startswith(
        "each training to a rung is a trial of Katib's: 28 at most; where it waits for results and at its"
    )
    with pytest.raises(ConfigError, match="execution.max_parallel: must be <= 2, the optimization.lookahead"):
        rendered(sweep(kind="random", optimization={**asha, "lookahead": 2}), **STORED)


def test_a_member_of_a_population_is_told_whom_it_goes_on_from() -> None:
    pbt = {"change": ["lr"], "generation": 2, "population": 5}
    file = sweep(kind="random", optimization={"strategy": "pbt", "pbt": pbt, "n_trials": 20})
    validate_experiment(rendered(file, **STORED).manifest)
    found = spec(file, **STORED)
    assert found["maxTrialCount"] == 20 + 3 * 2
    assert spec(file, **STORED, max_failed=4)["maxFailedTrialCount"] == 4 + 3 * 2  # idle places fail too
    assert [each["name"] for each in at(found, "parameters")][-1] == "trial.parent"
    told = unsupported(file, **STORED)["optimization.strategy"]
    assert told.startswith("members go on from files in the store; before each generation Katib starts 2")
    with pytest.raises(ConfigError, match="optimization.strategy: pbt goes on from .* use --algorithm morphogenetic"):
        rendered(file)


@given(trial=st.integers(0, 10**6), root=st.integers(0, 10**6), until=st.none() | st.integers(-5, 10**9))
def test_a_parent_comes_back_as_it_was(trial: int, root: int, until: int | None) -> None:
    parent = Parent(trial, root, until, numbered_name("probe", "ml", trial))
    assert assigned_parent({"trial.parent": parent.text}) == parent
    assert assigned_parent({"trial.parent": "none"}) is None
    with pytest.raises(ConfigError, match="trial.parent: must be like 'trial 4 until step 12"):
        assigned_parent({"trial.parent": f"{parent.text} and more"})


@pytest.mark.parametrize(("experiment", "trials"), [({}, 18 + 2 + 6 + 2 + 2), ({"replicates": 2}, 18)])
def test_auto_has_rungs_where_they_can_be_used(experiment: dict[str, object], trials: int) -> None:
    halving = {"full": 9, "first_rung": 1, "brackets": 1}
    file = sweep(experiment=experiment, optimization={"strategy": "auto", "halving": halving, "n_trials": 18})
    assert spec(file, **STORED)["maxTrialCount"] == trials


def test_only_what_katib_cannot_do_is_listed() -> None:
    listed = unsupported(sweep(optimization={"lookahead": 4}), **OURS)
    assert listed.keys() == {"execution.timeout_per_trial", "execution.retries"}
    progressive = unsupported(sweep(kind="progressive", optimization={"n_trials": 20}), **OURS)
    assert progressive["optimization.rounds"].startswith("before each round Katib starts trials that fail at once")


def test_the_results_of_a_warm_start_travel_along_without_what_no_sampler_reads() -> None:
    curve: dict[int, Mapping[str, float]] = {0: {"val_acc": 0.1}, 3: {"val_acc": 0.3}}
    params = {"lr": 0.01, "depth": 2}
    known = [
        TrialRecord(0, 0, params, TrialState.COMPLETE, metrics={"val_acc": 0.5}, curve=curve),
        TrialRecord(1, 0, params, TrialState.PRUNED, metrics={"val_acc": 0.3}, curve=curve),
    ]
    sent = sweep_of_settings(sweep_settings(SentSweep(sweep().config, 2, known)))
    assert sent.known == [dataclasses.replace(known[0], curve={}), dataclasses.replace(known[1], curve={3: curve[3]})]


@given(number=st.integers(0, 10**8), namespace=st.text("abc-", min_size=1, max_size=9))
def test_a_name_has_its_number_and_is_none_of_another_namespace(number: int, namespace: str) -> None:
    name = numbered_name("probe", namespace, number)
    assert number_in(name, "probe", namespace) == number
    assert number_in(name, "probe", namespace + "x") is None and number_in(name, "probe-2", namespace) is None
    assert not is_idle(name) and is_idle(idle_name("probe", namespace, number))
    assert number_in(idle_name("probe", namespace, number), "probe", namespace) is None
    spare = spare_name("probe", namespace, number)
    assert is_idle(spare) and is_spare(spare) and not is_spare(idle_name("probe", namespace, number))
    assert number_in(f"probe-{number:08d}", "probe", namespace) is None


@given(
    real=st.floats(-3, 5, allow_subnormal=False),
    whole=st.integers(-(2**40), 2**40),
    choice=st.sampled_from(["", "%", "$(X)", 'a"b', "${trialParameters.x}", "no", 1.5, True]),
)
def test_values_come_back_as_they_were(real: float, whole: int, choice: object) -> None:
    choices = ["", "%", "$(X)", 'a"b', "${trialParameters.x}", "no", 1.5, True]
    axes = {
        "real": {"type": "float", "low": -3, "high": 5},
        "whole": {"type": "int", "low": -(2**40), "high": 2**40},
        "choice": {"type": "categorical", "choices": choices},
        "only": {"type": "float", "low": 0, "high": 1, "when": {"choice": "no"}},
    }
    config = sweep(axes).config
    params = {**config.space.fixed, "real": real, "whole": whole, "choice": choice}
    if choice == "no":
        params["only"] = real % 1
    again = params_of_exact(config, exact_assignments(config, 0, params))  # type: ignore[arg-type]
    assert again == params and [type(each) for each in again.values()] == [type(each) for each in params.values()]


def test_a_sweep_that_searches_nothing_has_one_parameter_for_katib() -> None:
    config = sweep({"lr": {"type": "float", "low": 0.5, "high": 0.5}}, kind="grid").config
    assert exact_assignments(config, 0, {"lr": 0.5}) == {"trial.number": "0"}
    assert params_of_exact(config, {"trial.number": "0"})["lr"] == 0.5
