"""The suggestions of halvings are pure functions of the configuration, the number and the earlier brackets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from morphogenetic_engine.testing.strategies import LOOKAHEAD, StrategyTests


def _sweep(sweep_type: str, **optimization: object) -> Mapping[str, object]:
    given = {"n_trials": 24, "lookahead": LOOKAHEAD, "strategy": "halving", "halving": {"full": 6, "brackets": 3}}
    return {**StrategyTests.sweep, "sweep_type": sweep_type, "optimization": {**given, **optimization}}


class TestHalvingWithTPE(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = _sweep("bayesian")


class TestHalvingWithCmaEs(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = _sweep("bayesian", sampler="CmaEs")


class TestHalvingWithAuto(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = {
        **_sweep("bayesian", sampler="auto"),
        "parameters": {"rate": {"low": 1e-4, "high": 1.0, "log": True}, "width": {"low": 8, "high": 64}},
    }


class TestHalvingWithAutoOfFiveParameters(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = {
        **_sweep("bayesian", sampler="auto"),
        "parameters": {name: {"low": 0.0, "high": 1.0} for name in "abcde"},
    }


class TestHalvingOfADesign(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = _sweep("sobol")


class TestAsha(StrategyTests):
    sweep: ClassVar[Mapping[str, object]] = _sweep("random", strategy="asha", halving={"full": 6})
