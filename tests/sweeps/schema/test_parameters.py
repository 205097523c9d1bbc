"""The values, ranges and shorthands of parameters."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import TypeAdapter

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.schema.parameters import ParameterConfig, scalar
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter

ADAPTER: TypeAdapter[ParameterConfig] = TypeAdapter(ParameterConfig)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-4", "1e-4"),
        ("4e7", "4e7"),
        ("12e4567", "12e4567"),
        ("0.5", "0.5"),
        ("TPE", "TPE"),
        (True, True),
        (3, 3),
        (0.5, 0.5),
    ],
)
def test_a_value_keeps_its_kind_and_text_stays_text_whatever_it_looks_like(written: object, meant: object) -> None:
    assert scalar(written) == meant
    assert type(scalar(written)) is type(meant)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, 'must be a number, text, true or false, but got None; write "null" or "none" in quotes and .*'),
        ([64, 32], r'must be .*, but got \[64, 32\]; write "64 32" in quotes and let the workload split it'),
        (date(2024, 1, 31), r'must be .*; write "2024-01-31" in quotes for text'),
        (float("nan"), "must be finite, but got nan"),
        (2**63, "must fit in 64 bits, but got 9223372036854775808"),
        (-(2**63) - 1, "must fit in 64 bits, but got -9223372036854775809"),
        ("\udcff", r"must be Unicode text, but got '\\udcff'"),
    ],
)
def test_a_value_that_no_carrier_can_hold_is_refused(written: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        scalar(written)


@pytest.mark.parametrize(
    ("written", "parameter"),
    [
        ([4, 8, 16], Choices((4, 8, 16))),
        (["1e-4", 0.1, True, "TPE"], Choices(("1e-4", 0.1, True, "TPE"))),
        (3, Choices((3,))),
        ("TPE", Choices(("TPE",))),
        (False, Choices((False,))),
        ({"choices": ["a", "b"]}, Choices(("a", "b"))),
        ({"low": 1, "high": 8}, IntRange(1, 8)),
        ({"low": 1, "high": 8, "step": 2}, IntRange(1, 8, 2)),
        ({"low": 1, "high": 8.0}, FloatRange(1.0, 8.0)),
        ({"low": 1, "high": 8, "step": 0.5}, FloatRange(1.0, 8.0, 0.5)),
        ({"low": "1e-4", "high": 1, "log": True}, FloatRange(0.0001, 1.0, log=True)),
        ({"low": "1e-4", "high": "1e-1", "points": "1e1"}, FloatRange(0.0001, 0.1, points=10)),
        ({"type": "int", "low": 1, "high": "1e4", "log": True}, IntRange(1, 10_000, log=True)),
        ({"type": "float", "low": 1, "high": 2}, FloatRange(1.0, 2.0)),
    ],
)
def test_shorthands_are_written_out(written: object, parameter: Parameter) -> None:
    assert ADAPTER.validate_python(written).parameter() == parameter


def test_what_was_written_out_reads_as_itself() -> None:
    config = ADAPTER.validate_python([1, 1e-3])
    assert ADAPTER.validate_json(ADAPTER.dump_json(config)) == config
    written = ADAPTER.dump_python(config)
    assert (written["type"], written["choices"]) == ("categorical", (1, 0.001))


def test_the_schema_of_a_parameter_knows_the_shorthands() -> None:
    kinds = ADAPTER.json_schema(mode="validation")["anyOf"]
    assert {kind.get("type") for kind in kinds} >= {"array", "boolean", "integer", "number", "string"}


@pytest.mark.parametrize("kind", ["{a: 1}", "[1]", "null"])
def test_a_type_that_is_no_text_is_one_line(kind: str) -> None:
    with pytest.raises(ConfigError, match="^sweep.yaml: parameters.x: "):
        config_of_text(f"parameters: {{x: {{type: {kind}, low: 0, high: 1}}}}", where="sweep.yaml")
