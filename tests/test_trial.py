"""The trial contract: values as text, checked metrics, declarations."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import morphogenetic_engine
from morphogenetic_engine.errors import ConfigError, FailureReason, TrialFailed
from morphogenetic_engine.trial import (
    Declaration,
    Metrics,
    Params,
    Trial,
    Value,
    checked_metrics,
    declaration_of,
    declare,
    finite_metrics,
    text,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (-(2**63), "-9223372036854775808"),
        (0.001, "0.001"),
        (1e-5, "1e-05"),
        (1.0, "1.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        ("TPE", "TPE"),
        ("", ""),
    ],
)
def test_the_text_of_a_value(value: Value, written: str) -> None:
    assert text(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float_loses_nothing(value: float) -> None:
    assert float(text(value)) == value


METRIC_NAMES = st.from_regex(r"[A-Za-z_/.@\[\]]([ -~]{0,8}[!-~])?", fullmatch=True)


@given(
    finite=st.dictionaries(METRIC_NAMES, st.floats(-1e300, 1e300)),
    others=st.dictionaries(METRIC_NAMES, st.sampled_from([math.nan, math.inf, -math.inf])),
)
def test_metrics_that_nobody_named_are_left_out_where_they_are_not_finite(
    finite: dict[str, float], others: dict[str, float]
) -> None:
    kept, left_out = finite_metrics({**finite, **others}, named=finite.keys() - others.keys())
    assert kept == {name: value for name, value in finite.items() if name not in others}
    assert sorted(left_out) == sorted(others)


def test_a_metric_that_the_sweep_names_must_be_finite() -> None:
    with pytest.raises(TrialFailed, match="^metric loss must be finite, but got nan$") as caught:
        finite_metrics({"grad_norm": math.inf, "loss": math.nan}, named={"loss"})
    assert caught.value.reason is FailureReason.NON_FINITE_METRIC


@pytest.mark.parametrize("number", [1, True, 0.5, np.float32(0.5), np.int64(3), Decimal("0.25"), Fraction(1, 2)])
def test_whatever_has_a_float_is_a_metric(number: object) -> None:
    checked = checked_metrics({"val_acc": number})
    assert checked == {"val_acc": number}
    assert isinstance(checked["val_acc"], float)


@pytest.mark.parametrize(
    ("metrics", "message", "reason"),
    [
        (
            None,
            "metrics must be a mapping of names to numbers, but got NoneType",
            FailureReason.EXCEPTION,
        ),
        ([("a", 1)], "metrics must be a mapping of names to numbers, but got list", FailureReason.EXCEPTION),
        ({"a": "high"}, "metric a must be a number, but got 'high'", FailureReason.EXCEPTION),
        ({"a": None}, "metric a must be a number, but got None", FailureReason.EXCEPTION),
        ({"a": float("nan")}, "metric a must be finite, but got nan", FailureReason.NON_FINITE_METRIC),
        ({"a": float("-inf")}, "metric a must be finite, but got -inf", FailureReason.NON_FINITE_METRIC),
        ({"a": 10**400}, "metric a must be finite, but got inf", FailureReason.NON_FINITE_METRIC),
        (
            {"a\nb": 1.0},
            "metric names must be printable text of one line, but got 'a\\nb'",
            FailureReason.EXCEPTION,
        ),
        ({3: 1.0}, "metric names must be text, but got 3", FailureReason.EXCEPTION),
    ],
)
def test_metrics_that_no_carrier_takes_fail_the_trial(metrics: object, message: str, reason: FailureReason) -> None:
    with pytest.raises(TrialFailed) as caught:
        checked_metrics(metrics)
    assert str(caught.value) == message
    assert caught.value.reason is reason


@given(st.dictionaries(METRIC_NAMES, st.floats(-1e300, 1e300)))
def test_metrics_keep_their_names_values_and_order(metrics: dict[str, float]) -> None:
    assert list(checked_metrics(metrics).items()) == list(metrics.items())


def test_a_declaration_is_found_on_the_function_that_was_declared() -> None:
    def check(params: Params) -> None:
        raise ConfigError(f"lr: too high: {params['lr']}")

    @declare(parameters=frozenset({"lr"}), metrics=frozenset({"val_acc"}), check=check)
    def train(_params: Params, _trial: Trial) -> Metrics:
        return {"val_acc": 1.0}

    assert declaration_of(train) == Declaration(frozenset({"lr"}), frozenset({"val_acc"}), check)


def test_a_bare_function_declares_nothing() -> None:
    assert declaration_of(len) == Declaration(parameters=None, metrics=None, check=None)


def test_the_contract_needs_the_standard_library_alone() -> None:
    # -S: without site-packages; the package itself is put on the path by hand.
    script = "import sys; sys.path.insert(0, sys.argv[1]); import morphogenetic_engine.trial"
    package = str(Path(morphogenetic_engine.__file__).parents[1])
    subprocess.run([sys.executable, "-S", "-I", "-c", script, package], check=True)
