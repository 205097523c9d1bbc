"""Every strategy, sampler and pruner of the package keeps the promises of the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from morphogenetic_engine.sweeps.schema.search_names import PRUNERS, SAMPLERS, STRATEGIES
from morphogenetic_engine.sweeps.strategy import Earlier, Strategy
from morphogenetic_engine.testing.strategies import StrategyTests
from morphogenetic_engine.trial import Value

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "TPE": {"n_startup_trials": 4},
    "CmaEs": {"n_startup_trials": 2, "popsize": 4},
    "NSGAII": {"population_size": 3},
    "GP": {"n_startup_trials": 8},
}
CONDITIONAL = {
    "rule": ["sgd", "adam"],
    "rate": {"low": 1e-4, "high": 1.0, "log": True, "when": {"rule": "sgd"}},
    "depth": {"low": 1, "high": 4},
}


def sweep(sweep_type: str, parameters: Mapping[str, object] | None = None, **optimization: object) -> dict[str, object]:
    given = StrategyTests.sweep
    searched = given["optimization"]
    assert isinstance(searched, dict)
    return {
        **given,
        "sweep_type": sweep_type,
        "parameters": parameters or given["parameters"],
        "optimization": {**searched, **optimization},
    }


class Chosen(StrategyTests):
    """A suite whose sweep file is the parameter of the class's fixture."""

    @pytest.fixture(autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        type(self).sweep = request.param


def suite(*sweeps: dict[str, object]) -> pytest.MarkDecorator:
    def name(written: object) -> str:
        assert isinstance(written, dict)
        chosen = written["optimization"]
        return "-".join([written["sweep_type"], *(str(chosen[key]) for key in ("sampler", "pruner") if key in chosen)])

    slow = [pytest.param(each, marks=pytest.mark.slow) if "GP" in name(each) else each for each in sweeps]
    return pytest.mark.parametrize("_choose", slow, indirect=True, ids=name)


@suite(*(sweep(sweep_type) for sweep_type in STRATEGIES.built_in))
class TestSweepTypes(Chosen):
    """Each sweep type over ranges."""


@suite(*(sweep(sweep_type, CONDITIONAL) for sweep_type in STRATEGIES.built_in))
class TestConditions(Chosen):
    """Each sweep type over choices and a condition."""


@suite(*(sweep("bayesian", sampler=name, sampler_options=OPTIONS.get(name, {})) for name in SAMPLERS.built_in))
class TestSamplers(Chosen):
    """Each sampler."""


@suite(
    *(sweep("random", pruner=name) for name in PRUNERS.built_in),
    *(sweep(name, pruner="MedianPruner", pruner_options={"n_startup_trials": 2}) for name in STRATEGIES.built_in),
    sweep("bayesian", sampler="auto", pruner="SuccessiveHalvingPruner"),
)
class TestPruners(Chosen):
    """Each pruner, and each sweep type with one."""


class _Forgetful:
    """A strategy that counts its calls: a process that takes over suggests something else."""

    trials = 8
    needs_reports = False

    def __init__(self) -> None:
        self._asked = 0

    @staticmethod
    def needs(_number: int, /) -> int:
        return 0

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        del number, earlier
        self._asked += 1
        return {"given": 3, "rate": 1.0 / self._asked, "width": 8}

    @staticmethod
    def decisions(*_given: object) -> None:
        return None


class _Greedy(_Forgetful):
    """A strategy that looks at all trials that have ended, and needs none of them."""

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        return {"given": 3, "rate": 2.0 if number else 1.0, "width": 9 + len(earlier.ended)}


def test_the_suite_finds_a_strategy_that_depends_on_its_process() -> None:
    class Suite(StrategyTests):
        def make(self) -> Strategy:
            return _Forgetful()

    with pytest.raises(AssertionError):
        Suite().test_a_process_that_takes_over_goes_on_with_the_same_suggestions()


def test_the_suite_finds_values_outside_the_space() -> None:
    class Suite(StrategyTests):
        def make(self) -> Strategy:
            return _Greedy()

    with pytest.raises(Exception, match="must be"):
        Suite().test_every_suggestion_is_a_point_of_the_space()
