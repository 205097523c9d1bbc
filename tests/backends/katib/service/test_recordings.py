"""Requests that Katib 0.19 really sent, for one of our sweeps: each is answered, and the same way when asked again."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import pytest

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments, params_of_exact
from morphogenetic_engine.backends.katib.render.numbered_names import number_in, numbered_name
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service import katib_messages
from morphogenetic_engine.backends.katib.service.request import Code, Refusal, Reply
from morphogenetic_engine.backends.katib.service.suggested_trials import suggestions
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from tests.backends.katib.service.simulated_katib import NAMESPACE, experiment_request, parsed
from tests.backends.katib.service.test_equal_trials import PLAIN, sweep

HERE = Path(__file__).parent


class Call(TypedDict):
    """One request, without what is the same in all of them."""

    name: str
    wanted: tuple[int, int]
    """current_request_number and total_request_number."""
    parallel: int
    most: int
    answered: list[str] | None
    """The names that the recorded service gave; None: it refused."""
    trials: list[tuple[str, str, dict[str, str]]]
    """Name, condition and metrics."""


RECORDED: dict[str, list[Call]] = json.loads((HERE / "recorded_requests.json").read_text(encoding="utf-8"))


def asked(call: Call, config: SweepConfig, chance: random.Random, metric: str = "loss") -> Mapping[str, object]:
    """Returns a recorded request as one for a sweep: each trial keeps its number, and has values of ours."""
    values = design_of(sweep("random", PLAIN, n_trials=500).config)
    trials = []
    for name, condition, metrics in call["trials"]:
        number = int(name.rpartition("-t")[2])
        params = values.suggest(number, NOTHING_EARLIER)
        assignments = exact_assignments(config, number, params)
        observed = [{"name": metric, "value": value} for value in metrics.values()]
        trials.append(
            {
                "name": numbered_name(call["name"], NAMESPACE, number),
                "spec": {"parameter_assignments": {"assignments": _pairs(assignments)}},
                "status": {"condition": condition, "observation": {"metrics": observed[:1]}},
            }
        )
    chance.shuffle(trials)
    current, total = call["wanted"]
    request = experiment_request(SentSweep(config, call["parallel"]), call["name"], call["parallel"], call["most"])
    return request | {"trials": trials, "current_request_number": current, "total_request_number": total}


# Two Experiments of one name have the same trials twice in one request, one of which is another namespace's; so has
# a service that gave one name to all.
_NUMBERED = sorted(
    name
    for name, calls in RECORDED.items()
    if all(trial[0].rpartition("-t")[2].isdigit() for call in calls for trial in call["trials"])
    and all(len({trial[0] for trial in call["trials"]}) == len(call["trials"]) for call in calls)
)

_OTHERWISE = {"bad-name", "too-many", "same-name", "overask-ok", "best-min", "kinds-keep"}
"""Recordings of a service that gave other numbers, or trials beyond the last."""


@pytest.mark.parametrize("recording", _NUMBERED)
def test_each_recorded_request_has_the_numbers_that_katib_wants(recording: str) -> None:
    for call in RECORDED[recording]:
        config = sweep("random", PLAIN, n_trials=call["most"]).config
        answers = [suggestions(parsed(asked(call, config, random.Random(n))), NAMESPACE) for n in range(2)]
        assert answers[0] == answers[1]
        numbers = _numbers(answers[0], call["name"])
        first = call["wanted"][1] - call["wanted"][0]
        if first >= call["most"]:
            assert isinstance(answers[0], Refusal) and answers[0].code is Code.OUT_OF_RANGE
        else:
            assert numbers == [n if n < call["most"] else None for n in range(first, call["wanted"][1])]
        if call["answered"] and recording not in _OTHERWISE:
            assert numbers == [int(name.rpartition("-t")[2]) for name in call["answered"]]


@pytest.mark.parametrize("recording", ["exact-a", "exact-b", "fifo", "numf", "kinds-keep", "deleted", "shrink"])
def test_a_search_that_learns_answers_a_recorded_request_the_same_way_twice_or_waits(recording: str) -> None:
    answered = 0
    for call in RECORDED[recording]:
        config = sweep("bayesian", PLAIN, sampler="TPE", n_trials=call["most"], lookahead=call["parallel"]).config
        answers = [suggestions(parsed(asked(call, config, random.Random(n))), NAMESPACE) for n in range(2)]
        assert answers[0] == answers[1]
        if isinstance(answers[0], Reply):
            answered += 1
            for trial in answers[0].trials:
                params = params_of_exact(config, trial.assignments)
                assert config.space.axes.keys() <= params.keys()
        else:
            assert answers[0].code in {Code.UNAVAILABLE, Code.OUT_OF_RANGE}
    assert answered > 1


def test_a_batch_beyond_the_last_trial_is_filled_with_trials_that_end_at_once() -> None:
    call = RECORDED["num3"][-1]
    config = sweep("random", PLAIN, n_trials=8).config
    straddling: Call = {**call, "wanted": (3, 9)}
    answer = suggestions(parsed(asked(straddling, config, random.Random(0))), NAMESPACE)
    assert isinstance(answer, Reply)
    assert [trial.name.rpartition("-")[2] for trial in answer.trials] == ["t0006", "t0007", "spare0008"]


def test_the_trials_of_a_twin_in_another_namespace_are_left_out() -> None:
    *_, call = (call for call in RECORDED["fifo"] if call["answered"])
    config = sweep("bayesian", PLAIN, sampler="TPE", n_trials=call["most"], lookahead=call["parallel"]).config
    request = asked(call, config, random.Random(0))
    trials = request["trials"]
    assert isinstance(trials, list)
    failed = [{**trial, "status": {"condition": "FAILED"}} for trial in trials]
    twins = [{**trial, "name": trial["name"].replace(call["name"], f"{call['name']}-00000")} for trial in failed]
    other = [{**trial, "name": numbered_name(call["name"], "elsewhere", n)} for n, trial in enumerate(failed)]
    alone = suggestions(parsed(request), NAMESPACE)
    assert isinstance(alone, Reply)
    assert suggestions(parsed({**request, "trials": [*trials, *twins, *other]}), NAMESPACE) == alone
    assert suggestions(parsed({**request, "trials": failed}), NAMESPACE) != alone


def test_messages_keep_every_field_of_a_recorded_request() -> None:
    written = json.loads((HERE / "whole_request.json").read_text(encoding="utf-8"))
    message = katib_messages.of_json("GetSuggestionsRequest", written)
    again = katib_messages.message_class("GetSuggestionsRequest").FromString(message.SerializeToString())
    assert katib_messages.to_json(again) == written


def _numbers(answer: Reply | Refusal, experiment: str) -> list[int | None]:
    if isinstance(answer, Refusal):
        return []
    return [number_in(trial.name, experiment, NAMESPACE) for trial in answer.trials]


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
