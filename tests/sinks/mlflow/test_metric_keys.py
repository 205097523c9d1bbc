"""The names of metrics on MLflow's pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import MAX_ENTITY_KEY_LENGTH, _validate_metric_name

from morphogenetic_engine.metric_names import decoded
from morphogenetic_engine.sinks.mlflow.runs import metric_key, metric_rows

PATHS = st.from_regex(r"[./a@ ]{1,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=25)


@given(PATHS | TEXTS)
def test_mlflow_takes_the_key_of_any_name_and_no_two_names_share_one(name: str) -> None:
    key = metric_key(name)
    _validate_metric_name(key)  # type: ignore[no-untyped-call]
    assert len(key) <= MAX_ENTITY_KEY_LENGTH
    assert decoded(key) == name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("val/acc", "val/acc"),
        ("val.loss", "val.loss"),
        ("test acc", "test acc"),
        ("acc@5", "acc_x40_5"),
        ("Güte", "Güte"),
        ("a//b", "a_x2F__x2F_b"),
    ],
)
def test_names_that_mlflow_takes_stay_as_they_are(name: str, key: str) -> None:
    assert metric_key(name) == key


@pytest.mark.parametrize(
    ("step", "stored"), [(3, 3), (-5, -5), (2**63 - 1, 2**63 - 1), (2**64 - 1, 2**63 - 1), (-(2**64), 1 - 2**63)]
)
def test_a_step_that_no_database_of_mlflow_holds_is_the_largest_there(step: int, stored: int) -> None:
    """Journals of earlier versions may have such steps."""
    assert [row.step for row in metric_rows({"acc": 0.5}, 1.0, step)] == [stored]
