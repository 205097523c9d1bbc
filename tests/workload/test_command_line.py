"""The command line of a sweep file: placeholders, arguments that may be left out, and mistakes."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_from
from morphogenetic_engine.workload.command_line import arguments_of, check_command, command_fields, description_of

OPTIMIZERS = {"optimizer": ["sgd", "adam"], "momentum": {"low": 0.0, "high": 0.9, "when": {"optimizer": "sgd"}}}


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (["train", "--lr={lr}", "{weight-decay}", "{dir}/out"], {"lr", "weight-decay", "dir"}),
        (["echo", "{{lr}}", "100%"], set()),
        (["{a}{b}{a}"], {"a", "b"}),
    ],
)
def test_the_fields_of_a_command_are_its_names_in_braces(command: list[str], fields: set[str]) -> None:
    assert command_fields(command) == fields


@pytest.mark.parametrize(
    "argument", ["{", "}", "{}", "{0}", "{a.}", "{.b}", "{a..b}", "{a[0]}", "{a!r}", "{a:>5}", "{a b}"]
)
def test_braces_that_hold_no_plain_name_are_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="write {{ and }} for plain braces$"):
        command_fields(["train", argument])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["t", "{lrr}"], "{lrr} is not a parameter; did you mean 'lr'?"),
        (["t", "{lr}", "{sede}"], "{sede} is not a parameter; did you mean 'seed'?"),
        (["t", "{depth}"], "has no {lr}, which is searched; pass it on (or all, as JSON, with {params})"),
    ],
)
def test_a_command_that_does_not_fit_its_sweep_says_why(command: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_command(command, searched=iter(["lr"]), fixed=["depth"], conditional={})
    assert str(caught.value) == message


@pytest.mark.parametrize("command", [["t", "{lr}"], ["t", "{params}"], ["t", "{lr}{depth}{number}{seed}{dir}"]])
def test_a_command_that_gets_what_is_searched_passes(command: list[str]) -> None:
    check_command(command, searched=["lr"], fixed=["depth"], conditional={})


def test_a_list_is_left_out_as_a_whole_where_a_value_is_missing() -> None:
    command = ["t", "{lr}", ["--a", "{a}", "{b}"], ["--plain"]]
    assert arguments_of(command, {"lr": "1", "a": "2", "b": "3"}) == ["t", "1", "--a", "2", "3", "--plain"]
    assert arguments_of(command, {"lr": "1", "a": "2"}) == ["t", "1", "--plain"]
    assert description_of(command) == "t {lr} [--a {a} {b}] [--plain]"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["train", "--opt", "{optimizer}", "--momentum", "{momentum}"],
            "sweep.yaml: experiment.command: {momentum} is there only when optimizer is sgd: write the argument as"
            ' a list, ["--momentum", "{momentum}"], which the other trials leave out',
        ),
        (
            ["train", "{optimizer}", "--momentum={momentum}"],
            "sweep.yaml: experiment.command: {momentum} is there only when optimizer is sgd: write the argument as"
            ' a list, ["--momentum={momentum}"], which the other trials leave out',
        ),
        (
            ["train", ["{optimizer}", 5]],
            "sweep.yaml: experiment.command: arguments must be text, or lists of texts, but got 5; put it in quotes",
        ),
        (
            "train --opt '{optimizer} x'",
            'sweep.yaml: experiment.command: must be a list, without a shell: ["train", "--opt", "{optimizer} x"],'
            """ but got "train --opt '{optimizer} x'\"""",
        ),
        ([["train"], "{optimizer}", "{params}"], "sweep.yaml: experiment: command must name a program"),
    ],
)
def test_an_argument_that_some_trials_cannot_have_is_refused_with_how_to_write_it(
    command: object, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(_sweep(command), where="sweep.yaml")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "command",
    [
        ["train", "{optimizer}", ["--momentum", "{momentum}"]],
        ["train", "{optimizer}", "{params}", ["--momentum", "{momentum}", "{number}"]],
    ],
)
def test_an_argument_in_a_list_may_be_conditional(command: list[object]) -> None:
    config = config_from(_sweep(command), where="sweep.yaml").config
    assert config.workload.keys == {"command": command}
    assert config.space.conditional == {"momentum": "optimizer is sgd"}


def test_a_condition_that_always_holds_leaves_nothing_out() -> None:
    always = {
        "optimizer": ["sgd", "rmsprop"],
        "m": {"low": 0.0, "high": 1.0, "when": {"optimizer": ["sgd", "rmsprop"]}},
    }
    parameters = {**always, "n": {"low": 0.0, "high": 1.0, "when": {"fixed": 3}}, "o": [1, 2]}
    parameters["p"] = {"choices": [1, 2], "when": {"fixed": 4}}
    written = {"experiment": {"command": ["t", "{params}"], "fixed": 3}, "parameters": parameters}
    assert config_from(written, where="s").config.space.conditional == {"p": "fixed is 4"}


def test_what_depends_on_a_conditional_parameter_is_conditional() -> None:
    parameters = {
        "a": ["x", "y"],
        "b": {"choices": [1], "when": {"a": "x"}},
        "c": {"choices": [1, 2], "when": {"b": 1}},
    }
    written = {"experiment": {"command": ["t", "{params}"]}, "parameters": parameters}
    assert config_from(written, where="s").config.space.conditional == {"b": "a is x", "c": "b is 1"}


def _sweep(command: object) -> dict[str, object]:
    optimization = {"n_trials": 3}
    return {
        "sweep_type": "random",
        "experiment": {"command": command},
        "parameters": OPTIMIZERS,
        "optimization": optimization,
    }
