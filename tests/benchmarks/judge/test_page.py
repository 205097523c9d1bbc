"""The section of the comparison in docs/performance.md says what is in the results, and what fell short."""

from __future__ import annotations

from benchmarks.judge.page import judge_text


def estimate(value: float, **more: float | bool | None) -> dict[str, float | bool | None]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, **more}


RESULTS = {
    "Suite": {
        "tasks": 6,
        "contestants": {
            "ours": {"seeds": 30, "regret": {"3": estimate(0.5), "50": estimate(0.2)}},
            "peer": {"seeds": 10, "regret": {"3": estimate(0.4, p_better=0.01), "50": estimate(0.3, p_better=0.9)}},
        },
        "times_less_training": {
            "peer": estimate(2.5, goal=3.0, reached=False),
            "other": estimate(0, goal=None, reached=None),
        },
    }
}


def test_a_peer_that_is_better_is_bold_and_every_row_has_its_seeds() -> None:
    lines = judge_text(RESULTS).splitlines()
    assert "### Suite, 6 tasks" in lines
    assert "| ours | 30 | 0.500 (0.400 to 0.600) | 0.200 (0.100 to 0.300) |" in lines
    assert "| peer | 10 | **0.400 (0.300 to 0.500)** | 0.300 (0.200 to 0.400) |" in lines


def test_a_missed_goal_and_a_result_that_is_never_reached_are_said() -> None:
    lines = judge_text(RESULTS).splitlines()
    assert "| peer | 2.5 (2.4 to 2.6) | at least 3: missed |" in lines
    assert "| other | not within it |  |" in lines


def test_a_note_stands_above_the_table_of_its_suite() -> None:
    lines = judge_text({"Suite": {**RESULTS["Suite"], "note": "Measured before."}}).splitlines()
    assert lines[lines.index("### Suite, 6 tasks") + 2] == "Measured before."
