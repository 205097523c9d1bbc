"""A configuration names one workload, a function or a program, and all other code uses its methods."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.trial import Declaration, Metrics
from morphogenetic_engine.workload.command_workload import CommandWorkload
from morphogenetic_engine.workload.output_metrics import WantedMetrics
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


@dataclass
class _Trial:
    dir: Path
    number: int = 0
    seed: int = 0

    def report(self, step: int, metrics: Metrics) -> None:
        raise AssertionError(f"{self} reports nothing")


def test_a_function_gets_groups_as_mappings_and_plain_parameters_as_they_are(tmp_path: Path) -> None:
    source = "def f(params, trial):\n    return {'found': params['optimizer']['inner']['lr'] + params['depth']}"
    train = FunctionWorkload("cell:f", source).load()
    assert train({"optimizer.inner.lr": 0.5, "depth": 2}, _Trial(tmp_path)) == {"found": 2.5}
    params = {"lr": 0.1}
    source = "def f(params, trial):\n    return {'same': params is trial.given}"
    trial = _Trial(tmp_path)
    vars(trial)["given"] = params
    assert FunctionWorkload("cell:f", source).load()(params, trial) == {"same": True}


def test_a_program_gets_the_full_names_and_the_groups_in_its_json(tmp_path: Path) -> None:
    script = 'import json, sys; p = json.loads(sys.argv[2]); print(f\'found={p["a"]["lr"] + float(sys.argv[1])}\')'
    command = (sys.executable, "-c", script.replace("{", "{{").replace("}", "}}"), "{a.lr}", "{params}")
    wanted = WantedMetrics(("found",), ())
    assert ProgramWorkload(command).load(wanted)({"a.lr": 0.5}, _Trial(tmp_path)) == {"found": 1.0}
