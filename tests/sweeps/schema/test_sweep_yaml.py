"""Plain scalars become numbers, quoted ones stay text, and ambiguous values are noted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config_file import config_of_text, parse_yaml
from morphogenetic_engine.sweeps.schema.sweep_yaml import dump_yaml, plain_value, surprising_scalars

SCALARS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
    | st.from_regex(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+", fullmatch=True)
    | st.sampled_from(["no", "on", "4:3", "1_000", "010", "0x1f", "null", "~", "2024-01-31", "1e-4", ".5e1", "=", "<<"])
)


@pytest.mark.parametrize(
    ("plain", "meant"),
    [("1e-4", 1e-4), ("-1E3", -1e3), ("+1.5e3", 1.5e3), ("2.e5", 2e5), (".5e1", 5.0), ("1e", "1e"), ("e4", "e4")],
)
def test_scientific_notation_is_a_number_without_quotes_and_text_in_them(plain: str, meant: object) -> None:
    text = f"parameters: {{p: [{plain}, '{plain}', \"{plain}\"]}}"
    assert parse_yaml(text, where="f") == {"parameters": {"p": [meant, plain, plain]}}


@given(st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:e}"))
def test_every_number_in_scientific_notation_is_understood(written: str) -> None:
    assert plain_value(written) == float(written)


@given(st.lists(SCALARS | st.integers() | st.booleans() | st.floats(allow_nan=False), max_size=5))
def test_what_is_dumped_reads_back_as_the_same_values(values: list[object]) -> None:
    again = parse_yaml(dump_yaml({"values": values}), where="f")["values"]
    assert again == values
    assert isinstance(again, list)
    assert [type(each) for each in again] == [type(each) for each in values]


def test_quoted_text_that_looks_like_a_number_is_swept_as_text() -> None:
    text = """
experiment: {workload: "toy:quadratic", tag: "1e5"}
parameters:
  revision: ["4e7", "a1c", "007", "1e-3", "12", "0x1f", "12e4567"]
  depth: {choices: [1, 2], when: {revision: "4e7"}}
"""
    config = config_of_text(text, where="f").config
    assert config.space.axes["revision"].grid() == ("4e7", "a1c", "007", "1e-3", "12", "0x1f", "12e4567")
    assert config.space.fixed == {"tag": "1e5"} and config.space.conditions["depth"] == {"revision": ("4e7",)}
    assert config_of_text(config.canonical_json, where="g").config == config


def test_values_that_are_read_as_something_else_are_named_with_their_place() -> None:
    text = """
experiment: {answer: yes, count: 1_000, plain: 12, mode: "on", workload: "a:b"}
parameters:
  lang: [en, no, de]
  ratio: [4:3, '16:9', 010, 0x1f]
  lr: {low: 1e-4, high: 0.1, log: on}
tracking: {mlflow: no}
"""
    assert surprising_scalars(text) == [
        "2:22: yes is read as true; write 'yes' in quotes for text",
        "2:34: 1_000 is read as 1000; write '1_000' in quotes for text",
        "4:14: no is read as false; write 'no' in quotes for text",
        "5:11: 4:3 is read as 243; write '4:3' in quotes for text",
        "5:24: 010 is read as 8; write '010' in quotes for text",
    ]


@given(st.text(max_size=200))
def test_no_text_breaks_the_search_for_surprises(text: str) -> None:
    try:
        parse_yaml(text, where="f")
    except Exception:  # pylint: disable=broad-exception-caught  # no sweep file: there is nothing to look at
        return
    assert isinstance(surprising_scalars(text), list)
