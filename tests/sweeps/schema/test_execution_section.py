"""The section `execution`: shorthands and rules."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping, ExecutionConfig, Retries


@pytest.mark.parametrize(
    ("written", "retries"),
    [
        ({}, Retries(crashes=1, exceptions=0)),
        ({"retries": 2}, Retries(crashes=2, exceptions=2)),
        ({"retries": 0}, Retries(crashes=0, exceptions=0)),
        ({"retries": {"exceptions": 3}}, Retries(crashes=1, exceptions=3)),
    ],
)
def test_retries_are_one_number_or_two(written: dict[str, object], retries: Retries) -> None:
    assert ExecutionConfig.model_validate(written).retries == retries


@pytest.mark.parametrize("given", ["auto", 1, 64])
def test_max_parallel_is_auto_or_a_number(given: object) -> None:
    assert ExecutionConfig.model_validate({"max_parallel": given}).max_parallel == given


@pytest.mark.parametrize("given", [0, -1, 2.5, True, "all", None])
def test_max_parallel_is_nothing_else(given: object) -> None:
    with pytest.raises(ValidationError, match="must be auto or a whole number >= 1"):
        ExecutionConfig.model_validate({"max_parallel": given})


def test_early_stopping_needs_a_rule() -> None:
    with pytest.raises(ValidationError, match="needs patience, threshold or both"):
        EarlyStopping(min_trials=3)
    assert EarlyStopping(threshold=0.0).threshold == 0.0
