"""A configuration names one workload, a function or a program, and everything else asks it."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.workload.loading import CommandWorkload
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload, ProgramWorkload


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
