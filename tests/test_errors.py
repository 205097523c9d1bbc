"""The tree of exceptions, and the hints in messages."""

from __future__ import annotations

import pytest

from morphogenetic_engine import errors
from morphogenetic_engine.errors import FailureReason, MorphogeneticError, TrialFailed, did_you_mean

KINDS = (errors.ConfigError, errors.WorkloadError, errors.SweepError, errors.StoreError, TrialFailed, errors.Pruned)


@pytest.mark.parametrize("kind", KINDS)
def test_each_error_is_caught_as_the_root_and_says_its_message(kind: type[MorphogeneticError]) -> None:
    with pytest.raises(MorphogeneticError, match="the message"):
        raise kind("the message")


def test_no_error_is_a_kind_of_another_but_of_the_root() -> None:
    assert all(not issubclass(one, other) for one in KINDS for other in KINDS if one is not other)


def test_a_failed_trial_raised_without_a_reason_is_an_exception() -> None:
    assert TrialFailed("x").reason is FailureReason.EXCEPTION
    assert TrialFailed("x", reason=FailureReason.KILLED).reason is FailureReason.KILLED


def test_failure_reasons_keep_the_words_that_journals_hold() -> None:
    words = ["exception", "timeout", "killed", "non_finite_metric", "missing_metric", "out_of_gpu_memory"]
    assert [*FailureReason] == words


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("patiense", "; did you mean 'patience'?"),
        ("num-layers", "; did you mean 'num_layers'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_a_hint_names_the_nearest_known_name_or_nothing(name: str, hint: str) -> None:
    assert did_you_mean(name, iter(["patience", "num_layers", "lr"])) == hint


def test_there_is_no_hint_where_nothing_is_known() -> None:
    assert did_you_mean("lr", []) == ""
