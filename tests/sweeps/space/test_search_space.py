"""The search space: its active axes, and points as text."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Value

SPACE = Space({"lr": Choices((0.1, 0.01)), "depth": IntRange(1, 3)}, {"data": "moons"})


def test_an_axis_is_there_when_the_axes_it_depends_on_have_its_values() -> None:
    data, noise, turns = Choices(("moons", "spirals")), FloatRange(0.0, 1.0), IntRange(1, 3)
    conditions: dict[str, dict[str, tuple[Value, ...]]] = {
        "noise": {"data": ("moons",)},
        "turns": {"data": ("spirals",), "device": ("cpu",)},
    }
    space = Space({"data": data, "noise": noise, "turns": turns}, {"device": "cpu"}, conditions)
    assert space.active(("moons", 0.5, 2)) == {"data": "moons", "noise": 0.5}
    assert space.active(("spirals", 0.5, 2)) == {"data": "spirals", "turns": 2}
    elsewhere = Space(space.axes, {"device": "cuda"}, conditions)
    assert elsewhere.active(("spirals", 0.5, 2)) == {"data": "spirals"}
    with pytest.raises(ValueError, match="shorter"):
        SPACE.active((0.1,))


def test_a_space_is_described_by_what_is_searched() -> None:
    assert SPACE.describe({"data": "moons", "lr": 0.01, "depth": 3}) == "lr=0.01 depth=3"


def test_a_space_parses_the_texts_of_its_axes_and_names_the_axis_in_errors() -> None:
    assert SPACE.parse("depth", "3") == 3
    with pytest.raises(ConfigError, match="^depth: must be one of 1, 2, ... 3, but got 4$"):
        SPACE.parse("depth", "4")
    with pytest.raises(ConfigError, match="^data: is not searched; the axes are lr, depth$"):
        SPACE.parse("data", "moons")
