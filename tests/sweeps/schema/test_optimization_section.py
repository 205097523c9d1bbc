"""The section `optimization`: numbers as a sweep file writes them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig


@pytest.mark.parametrize("key", ["n_trials", "timeout", "seed", "lookahead"])
def test_true_is_no_number(key: str) -> None:
    with pytest.raises(ValidationError, match="must be a number, but got True"):
        OptimizationConfig.model_validate({key: True})


def test_a_count_in_scientific_notation_is_a_whole_number() -> None:
    config = OptimizationConfig.model_validate({"n_trials": "1e3", "timeout": "3.6e3"})
    assert (config.n_trials, config.timeout) == (1000, 3600.0)
    assert isinstance(config.n_trials, int)


def test_sections_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        OptimizationConfig().seed = 1  # type: ignore[misc]
