"""Names of metrics: any text of one line, and its encoding for carriers that take few characters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.metric_names import LONGEST, WORD_CHARACTERS, checked_metric_name, decoded, encoded

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
LIKE_CODES = st.from_regex(r"(_|x|[0-9A-F]|/|_x2F_|_x41){1,12}", fullmatch=True)
NAMES = PRINTABLE | LIKE_CODES | st.sampled_from(["val/acc", "val.loss", "test acc@5", "mAP[0.5]", "a_x2F_b", "Güte"])
ALLOWED = st.sampled_from([WORD_CHARACTERS, re.compile(r"[A-Za-z0-9_\-./ ]"), re.compile(r"[A-Za-z0-9_]")])


@given(name=NAMES, allowed=ALLOWED)
def test_an_encoded_name_has_allowed_characters_alone_and_is_decoded_to_the_name(
    name: str, allowed: re.Pattern[str]
) -> None:
    written = encoded(name, allowed)
    assert all(map(allowed.fullmatch, written))
    assert decoded(written) == name


@given(st.lists(NAMES, unique=True, max_size=6))
def test_no_two_names_have_the_same_encoding(names: list[str]) -> None:
    assert len({encoded(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("val_acc", "val_acc"),
        ("grad-norm", "grad-norm"),
        ("val/acc", "val_x2F_acc"),
        ("test acc@5", "test_x20_acc_x40_5"),
        ("speedup_x10", "speedup_x5F_x10"),
        ("speedup_x1", "speedup_x1"),
        ("😀", "_x1F600_"),
    ],
)
def test_plain_names_stay_and_other_characters_are_written_as_their_codes(name: str, written: str) -> None:
    assert encoded(name) == written


@pytest.mark.parametrize("name", ["acc", "val/acc", "val.loss", "test acc@5", "mAP[0.5:0.95]", "0", "=x", "Güte", "🎯"])
def test_any_text_of_one_line_is_a_name(name: str) -> None:
    assert checked_metric_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "metric names must not be empty, nor begin or end with a space, but got ''"),
        (" acc", "metric names must not be empty, nor begin or end with a space, but got ' acc'"),
        ("a\nb", "metric names must be printable text of one line, but got 'a\\nb'"),
        ("a\x1b[1mb", "metric names must be printable text of one line, but got 'a\\x1b[1mb'"),
        ("\ud800", "metric names must be printable text of one line, but got '\\ud800'"),
        (
            "/" * (LONGEST // 5 + 1),
            "metric names must have 200 characters at most (others than letters, digits, '_' and '-' count as five to"
            " nine), but '////////////////////////////////////////'... has 205",
        ),
    ],
)
def test_other_text_is_refused_with_the_rule(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        checked_metric_name(name)
