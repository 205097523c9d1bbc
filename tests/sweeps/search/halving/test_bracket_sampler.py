"""The sampler of a bracket that learns: which rules of `auto` choose its options."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.halving_plan import Bracket
from morphogenetic_engine.sweeps.search.halving.bracket_sampler import bracket_sampler
from morphogenetic_engine.sweeps.strategy import Earlier
from morphogenetic_engine.trial import Params

RANGES: Mapping[str, object] = {name: {"low": 0.0, "high": 1.0} for name in "abcde"}
FOUR: Mapping[str, object] = {name: RANGES[name] for name in "abcd"}
CONDITION: Mapping[str, object] = {"kind": ["p", "q"], "f": {"low": 0.0, "high": 1.0, "when": {"kind": "p"}}}


def suggested(parameters: Mapping[str, object], **optimization: object) -> list[Params]:
    """Returns the configurations of a second bracket, whose sampler is shown the 27 results of the first."""
    given = {"n_trials": 54, "sampler": "auto", "strategy": "halving", "halving": {"full": 27}, **optimization}
    config = parse_config({"sweep_type": "bayesian", "parameters": parameters, "optimization": given}, where="sweep")
    chance = Random(7)
    known = []
    for number in range(27):
        params = {
            name: chance.choice(each) if isinstance(each, list) else chance.random()
            for name, each in parameters.items()
        }
        if params.get("kind") == "q":
            del params["f"]
        height = -((float(params["a"]) - 0.3) ** 2)
        known.append(TrialRecord(number, 0, params, TrialState.COMPLETE, metrics={"val_acc": height}))
    second = bracket_sampler(config, 1, Bracket(27, (27, 9, 3)), known)
    found: list[Params] = []
    for number in range(9):
        found.append(second.suggest(number, Earlier((), found)))
    return found


def test_auto_has_a_distribution_for_each_of_five_parameters() -> None:
    assert suggested(RANGES) == suggested(RANGES, sampler="TPE", sampler_options={"multivariate": False})


@pytest.mark.parametrize(
    ("parameters", "optimization"),
    [(FOUR, {}), (RANGES, {"auto_rules": 2}), ({**RANGES, **CONDITION}, {})],
    ids=["four parameters", "the rules of an earlier version", "a condition"],
)
def test_auto_has_one_distribution_of_all_parameters_elsewhere(
    parameters: Mapping[str, object], optimization: Mapping[str, object]
) -> None:
    assert suggested(parameters, **optimization) == suggested(parameters, sampler="TPE")


def test_options_that_the_file_gives_to_a_named_sampler_count() -> None:
    assert suggested(RANGES, sampler="TPE") != suggested(RANGES, sampler="TPE", sampler_options={"multivariate": False})
