"""The old flat sweep format and its conversion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml
from morphogenetic_engine.sweeps.schema.flat_format import is_flat, migrated, sections_text
from morphogenetic_engine.sweeps.schema.sweep_yaml import dump_yaml


@pytest.mark.parametrize(
    "written",
    [
        {"lr": 0.1},
        {"--lr": [0.1, 0.2]},
        {"problem_type": "moons", "n_samples": "1000,2000", "--hidden-dim": 64},
    ],
)
def test_argument_names_with_values_are_the_flat_format(written: dict[str, object]) -> None:
    assert is_flat(written)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"parameters": {"lr": [0.1]}},
        {"sweep_type": "grid"},
        {"sweep_tpye": "grid", "lr": 3},
        {"optimisation": 3},
        {"lr": {"low": 1, "high": 2}},
    ],
)
def test_what_has_or_nearly_has_a_section_is_not_flat(written: dict[str, object]) -> None:
    assert not is_flat(written)


def test_several_values_are_searched_and_single_values_are_fixed() -> None:
    flat = {
        "--problem_type": "spirals,moons",
        "--lr": "0.001,0.003",
        "n-layers": [4, 8],
        "flag": "true, false",
        "mixed": "1e-4,2,TPE",
        "n_samples": 2000,
        "device": "cpu",
    }
    assert migrated(flat) == {
        "sweep_type": "grid",
        "experiment": {"n_samples": 2000, "device": "cpu"},
        "parameters": {
            "problem_type": ["spirals", "moons"],
            "lr": [0.001, 0.003],
            "n_layers": [4, 8],
            "flag": [True, False],
            "mixed": [0.0001, 2, "TPE"],
        },
    }


@pytest.mark.parametrize("key", ["sphere_radii", "--sphere-radii", "--sphere_radii"])
def test_sphere_radii_stay_one_text(key: str) -> None:
    assert migrated({key: "1.0,2.0"})["experiment"] == {"sphere_radii": "1.0,2.0"}


@pytest.mark.parametrize(
    ("written", "values"), [("a,[b", ["a", "[b"]), ("x: 1,y", ["x: 1", "y"]), ("null,~,", ["null", "~"])]
)
def test_a_part_that_is_no_number_is_text(written: str, values: list[object]) -> None:
    assert migrated({"key": written})["parameters"] == {"key": values}


def test_an_argument_with_and_without_dashes_is_there_twice() -> None:
    with pytest.raises(ConfigError, match="^lr: is a duplicate key, with and without dashes$"):
        migrated({"--lr": 1, "lr": 2})


NUMBERS = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9, allow_subnormal=False)
VALUES = NUMBERS | st.booleans() | st.sampled_from(["moons", "1e-4", "cuda:0", "0.1,0.2", "a, b", "yes"])


@given(st.dictionaries(st.from_regex(r"-{0,2}z[a-z]{1,3}", fullmatch=True), VALUES, min_size=1, max_size=4))
def test_the_migrated_text_is_the_same_sweep_as_the_flat_file(flat: dict[str, object]) -> None:
    if len({key.lstrip("-") for key in flat}) < len(flat):
        return
    text = sections_text(migrated(flat))
    written = parse_yaml(text, where="f")
    assert list(written) == ["sweep_type", "experiment", "parameters"]
    assert parse_config(written, where="f") == parse_config(flat, where="f")
    assert parse_config(parse_yaml(dump_yaml(flat), where="f"), where="f") == parse_config(flat, where="f")
