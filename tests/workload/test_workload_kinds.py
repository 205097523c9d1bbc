"""A configuration names one workload, a function or a program, and everything else asks it."""

from __future__ import annotations

import json

import pytest

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.trial import Declaration
from morphogenetic_engine.workload.command_workload import CommandWorkload
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload, ProgramWorkload, Workload, workload_of


def test_a_module_and_a_function_are_a_function_workload() -> None:
    config = parse_config({"experiment": {"workload": "tests.toy:nothing"}, "parameters": {"x": [1, 2]}}, where="sweep")
    assert config.workload == FunctionWorkload("tests.toy:nothing")
    assert (config.workload.key, config.workload.description) == ("workload", "tests.toy:nothing")
    with pytest.raises(WorkloadError, match="has no function 'missing'"):
        FunctionWorkload("json:missing").load()


def test_a_command_is_a_program_workload() -> None:
    written = {"experiment": {"command": ["python", "train.py", "{x}"]}, "parameters": {"x": [1, 2]}}
    config = parse_config(written, where="sweep")
    assert config.workload == ProgramWorkload(("python", "train.py", "{x}"))
    assert (config.workload.key, config.workload.description) == ("command", "python train.py {x}")
    assert isinstance(ProgramWorkload(("sh", "-c", "true")).load(), CommandWorkload)
    with pytest.raises(WorkloadError, match="there is no program 'no-such-program'"):
        ProgramWorkload(("no-such-program",)).load()


@pytest.mark.parametrize(
    "workload",
    [
        FunctionWorkload("a.b:f"),
        FunctionWorkload("cell:f", "def f(params, trial): ..."),
        ProgramWorkload(("p", "{x}")),
        ProgramWorkload(("p", ("--x", "{x}")), ("(a)=(.)",)),
    ],
)
def test_a_workload_is_read_back_from_its_keys(workload: Workload) -> None:
    assert workload_of(json.loads(json.dumps(workload.keys))) == workload
    assert parse_config({"experiment": workload.keys, "parameters": {"x": [1]}}, where="sweep").workload == workload


def test_keys_without_a_value_name_no_workload() -> None:
    assert workload_of({"workload": None, "command": None, "workload_source": None}) is None
    assert workload_of({"workload": None, "command": ["p"]}) == ProgramWorkload(("p",))


def test_a_function_says_what_it_declares_and_a_program_declares_nothing() -> None:
    assert FunctionWorkload("tests.toy:declared").declaration().parameters == frozenset({"x", "y"})
    assert ProgramWorkload(("no-such-program",)).declaration() == Declaration()
