"""The comparison as Markdown, for docs/performance.md, made of benchmarks/results/judge.json alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_INTRODUCTION = """\
The results of `make bench-search`: searches of recorded trainings, which cost no training. The regret is the loss of
the best configuration seen above the best of the table, in units of what the median configuration is above it: 0 is
the optimum, 1 the median. Each cell is a mean over tasks and seeds with its 95 % bootstrap interval, within a budget
of full trainings; pauses and promotions are free. **Bold**: a peer that is better than the first row with p < 0.05
(Wilcoxon, paired by task and seed). SMAC3 and Syne Tune search where curves are recorded; SMAC3 trains paused
configurations on, which by itself it starts anew.
"""
_LEVEL = 0.05


def judge_text(results: Mapping[str, Any]) -> str:
    """Returns the section of the page."""
    return "\n".join(["## Search strategies\n", _INTRODUCTION, *_suites(results)])


def _suites(results: Mapping[str, Any]) -> Iterator[str]:
    for name, suite in results.items():
        contestants: Mapping[str, Any] = suite["contestants"]
        ours = list(contestants)[0]
        budgets = list(contestants[ours]["regret"])
        yield f"### {name}, {suite['tasks']} tasks\n"
        if note := suite.get("note"):
            yield f"{note}\n"
        yield f"| within | seeds | {' | '.join(budgets)} |"
        yield "|---|---|" + "---|" * len(budgets)
        for contestant, found in contestants.items():
            cells = " | ".join(_cell(found["regret"][each]) for each in budgets)
            yield f"| {contestant} | {found['seeds']} | {cells} |"
        yield ""
        yield from _ratios(ours, suite["times_less_training"], budgets[-1])


def _ratios(ours: str, ratios: Mapping[str, Any], most: str) -> Iterator[str]:
    yield f"| what it finds with {most}, {ours} finds with so many times less | ratio | goal |"
    yield "|---|---|---|"
    for name, ratio in ratios.items():
        goal = "" if ratio["goal"] is None else f"at least {ratio['goal']:.3g}: {_verdict(ratio['reached'])}"
        value = (
            "not within it"
            if ratio["value"] == 0
            else f"{ratio['value']:.2g} ({ratio['low']:.2g} to {ratio['high']:.2g})"
        )
        yield f"| {name} | {value} | {goal} |"
    yield ""


def _verdict(reached: bool) -> str:
    return "reached" if reached else "missed"


def _cell(found: Mapping[str, float]) -> str:
    text = f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
    return f"**{text}**" if found.get("p_better", 1.0) < _LEVEL else text
