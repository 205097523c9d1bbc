"""Values arrive unchanged through Argo, the kubelet and MySQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.steps.portable_json import portable_json, portable_text, short_config
from morphogenetic_engine.sweeps.config_file import read_config
from tests.steps.conftest import parsed

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text() | st.sampled_from(["{{workflow.name}}", "{{=1+1}}", "$(KFP_POD_NAME)", "a 🙂 é", '\\"{{"', "\x7f"])
VALUES = st.recursive(SCALARS | WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=20)


def evaluated(written: str) -> list[str]:
    """Returns what Argo, the kubelet or MySQL's utf8 would change in a text."""
    return [each for each in ("{{", "$") if each in written] + [each for each in written if ord(each) > 126]


@pytest.mark.slow
@given(st.dictionaries(WORDS, VALUES))
def test_a_value_comes_back_and_holds_nothing_that_is_evaluated_on_the_way(value: dict[str, object]) -> None:
    written = portable_json(value)
    assert json.loads(written) == value and evaluated(written) == [] and "\n" not in written


@given(st.dictionaries(WORDS, WORDS, min_size=1, max_size=3))
def test_a_candidate_is_written_in_the_same_way(params: dict[str, str]) -> None:
    written = Candidate(trial=1, seed=2, params={**params}).json_text
    assert evaluated(written) == [] and Candidate.model_validate_json(written).params == params


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_configuration_comes_back_from_its_parameter_without_defaults_and_nulls(path: Path) -> None:
    config = read_config(path).config
    written = short_config(config)
    assert read_parameter(written).config == config
    assert "null" not in written and len(written) < len(config.canonical_json) / 2


def test_values_that_a_workflow_would_evaluate_are_those_of_the_file() -> None:
    config = parsed("parameters: {note: ['{{workflow.name}}', '{{=1+1}}', '$(KFP_POD_NAME)', 'ü 🙂']}")
    assert read_parameter(short_config(config)).config.space.axes == config.space.axes
    assert evaluated(short_config(config)) == []


@given(WORDS | st.text("{}$()a🙂"))
def test_a_text_for_display_holds_nothing_that_is_evaluated_or_cannot_be_stored(text: str) -> None:
    shown = portable_text(text)
    assert "{{" not in shown and "$(" not in shown and all(ord(each) <= 0xFFFF for each in shown)
    assert portable_text(shown) == shown
    assert shown == text or "{{" in text or "$(" in text or any(ord(each) > 0xFFFF for each in text)
