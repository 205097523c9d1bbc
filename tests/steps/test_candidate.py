"""A configuration passes between components unchanged, with its types."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.steps.candidate import Candidate, best_candidate, candidate_from
from morphogenetic_engine.steps.ending import StepFailed
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.trial import Value
from tests.conftest import StartSweep
from tests.steps.conftest import parsed

VALUES = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=5), st.integers(0, 2**31 - 1))
def test_a_candidate_comes_back_with_the_types_of_its_values(params: dict[str, Value], seed: int) -> None:
    one = Candidate(trial=3, seed=seed, params=params)
    other = Candidate.model_validate_json(one.json_text)
    assert other == one
    assert [type(value) for value in other.params.values()] == [type(value) for value in params.values()]


def test_the_baseline_is_what_trial_0_of_a_bayesian_sweep_runs(moons: SweepConfig) -> None:
    found = candidate_from("baseline", moons)
    assert found.params == {**moons.space.fixed, "lr": 1e-3, "hidden_dim": 4}
    assert (found.trial, found.seed) == (0, trial_seed(moons.optimization.seed, 0))


def test_a_sweep_file_of_one_configuration_needs_no_candidate() -> None:
    config = parsed("experiment: {noise: 0.1}\nparameters: {lr: [0.01]}")
    assert candidate_from("", config).params == {"noise": 0.1, "lr": 0.01}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "candidate: must be given, or the sweep file must have one configuration, but has a continuous space"),
        ("{}", "candidate: trial: Field required, but got '{}'"),
        ("best", "candidate: the whole: Invalid JSON: expected value at line 1 column 1, but got 'best'"),
        ('{"trial": "3"}', 'candidate: trial: Input should be a valid integer, but got \'{"trial": "3"}\''),
    ],
)
def test_what_is_no_candidate_is_one_line(moons: SweepConfig, written: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        candidate_from(written, moons)
    assert str(caught.value) == message


def test_a_sweep_without_defaults_has_no_baseline() -> None:
    with pytest.raises(ConfigError, match="baseline needs a default for each of the parameters"):
        candidate_from("baseline", parsed("parameters: {lr: [0.1, 0.2]}"))


def run(folder: SweepFolder) -> SweepFolder:
    run_sweep(folder)
    return folder


def test_the_best_trial_of_a_sweep(start: StartSweep) -> None:
    text = "experiment: {workload: 'toy:nothing'}\nparameters: {x: [1, 3.0, 2]}\nexecution: {max_parallel: 1}"
    found = best_candidate(read_result(run(start(text))))
    assert (found.trial, found.params) == (1, {"x": 3.0})
    assert found.seed == trial_seed(42, 1)


def test_the_best_trial_is_the_same_candidate_however_long_it_took(start: StartSweep) -> None:
    """Its training would otherwise never be found in the cache of Kubeflow Pipelines."""
    text = "experiment: {workload: 'toy:nothing'}\nparameters: {x: [1, 3.0, 2]}\nexecution: {max_parallel: 1}"
    result = read_result(run(start(text)))
    slower = [replace(each, duration=9.0, metrics={**each.metrics, "runtime": 9.0}) for each in result.trials]
    assert best_candidate(replace(result, trials=tuple(slower))).json_text == best_candidate(result).json_text


def test_a_trial_with_replicates_is_run_with_the_first_of_their_seeds(start: StartSweep) -> None:
    text = "experiment: {workload: 'toy:chancy', replicates: 3}\nparameters: {x: [1]}\nexecution: {max_parallel: 1}"
    result = read_result(run(start(text)))
    found = best_candidate(result)
    assert found.seed == result.trials[0].replicates[0].seed


def test_a_sweep_without_a_complete_trial_has_no_best(start: StartSweep) -> None:
    text = "experiment: {workload: 'toy:moody', mood: raise}\nparameters: {x: [1]}\nexecution: {max_parallel: 1}"
    with pytest.raises(StepFailed, match="no trial is complete, so there is no best one"):
        best_candidate(read_result(run(start(text))))
