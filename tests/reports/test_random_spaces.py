"""Random search spaces whose best trials are anywhere, at the ends of ranges too: every surface shows them."""

from __future__ import annotations

import html
import io
import math
import re
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console

from morphogenetic_engine.cli.views.summary_view import print_summary
from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.summary import SweepSummary, summarize
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.trial import Params, Value
from tests.reports.sweeps import sweep, trial

NOT_A_VALUE = re.compile(r"\b[Nn]a[Nn]\b|not a number|\bNone\b|\binf\b|∞")
BOUNDS = st.sampled_from([0.0, -1.0, 1.0, 0.5, 64.0, -1e308, 1e308, 5e-324, 1e-300, 1e-4]) | st.floats(-1e6, 1e6)
POSITIVE = st.sampled_from([5e-324, 1e-300, 1e-4, 1.0, 64.0, 1e308]) | st.floats(1e-9, 1e9)
WHOLE = st.sampled_from([0, 1, 2, 64, -1, 2**53, 2**62]) | st.integers(-1000, 1000)
SCALARS = st.integers(-3, 3) | st.sampled_from([0.5, 1e-4, 1e4]) | st.sampled_from(["relu", "tanh", "<b>"])


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, object]:
    """A range of any kind; many start at 0 or 1."""
    log, whole = draw(st.booleans()), draw(st.booleans())
    wholes, reals = (WHOLE.filter(lambda value: value >= 1), POSITIVE) if log else (WHOLE, BOUNDS)
    ends: list[float] = [*draw(st.lists(wholes if whole else reals, min_size=2, max_size=2, unique=True))]
    low, high = sorted(ends)
    assume(math.isfinite(high - low))
    return {"type": "int" if whole else "float", "low": low, "high": high, "log": log}


AXES = ranges() | st.lists(SCALARS, min_size=1, max_size=4, unique_by=lambda value: (str(value), value))


@st.composite
def sweeps_of_any_space(draw: st.DrawFn) -> SweepResult:
    """Trials whose objective is the better the earlier: where the first ones lie is drawn, their ends included."""
    written = draw(st.dictionaries(st.sampled_from(["a", "lr", "width", "kind"]), AXES, min_size=1))
    axes = sweep([], written).config.space.axes
    units = st.sampled_from([0.0, 1.0 - 2**-53]) | st.floats(0, 1, exclude_max=True)
    count = draw(st.integers(1, 24))
    clustered = draw(st.booleans())
    trials = []
    for number in range(count):
        params: dict[str, Value] = {}
        for name, axis in axes.items():
            ends = clustered and number < count // 3 and not isinstance(axis, Choices)
            params[name] = axis.from_unit(0.0 if ends else draw(units))
        trials.append(trial(number, params, 1.0 - number / 32, curve=[0.1, 0.2]))
    return sweep(trials, written)


@settings(max_examples=60)
@given(result=sweeps_of_any_space())
def test_any_space_has_findings_a_page_and_a_terminal_summary(result: SweepResult) -> None:
    summary = summarize(result, methods=("PED-ANOVA",))
    assert all(line.endswith(".") for line in summary.findings)
    shown = io.StringIO()
    print_summary(Console(file=shown, width=100), summary, summary.best, "Best configurations", "finished")
    written = page(result, summary).partition("<body")[2].partition("<script")[0]
    for text in (*summary.findings, shown.getvalue(), written):
        assert not NOT_A_VALUE.search(text.replace("<b>", ""))


ODD_NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12) | st.sampled_from(
    ["val/acc", "test acc@5", "[/red]", "[b]x", "trial", "state", "x", "</script>", "{{ x }}", "%s", "$x$"]
)


@settings(max_examples=40)
@given(names=st.lists(ODD_NAMES, min_size=1, max_size=4, unique=True))
def test_any_metric_names_have_a_page_and_a_terminal_summary_with_their_names(names: list[str]) -> None:
    metrics = [{name: place + number / 8 for place, name in enumerate(names)} for number in range(6)]
    trials = [
        replace(trial(n, {"x": n / 8}, 0.0), metrics=each, curve={0: each, 1: each}) for n, each in enumerate(metrics)
    ]
    space = {"x": {"low": 0.0, "high": 1.0}}
    result = sweep(trials, space, target_metric=names[0], secondary_metrics=names[1:])
    summary = summarize(result, methods=("PED-ANOVA",))
    shown = io.StringIO()
    print_summary(
        Console(file=shown, width=200, markup=False), summary, summary.best, "Best configurations", "finished"
    )
    assert names[0] in summary.findings[0] and names[0] in shown.getvalue()
    written = page(result, summary)
    assert names[0] in html.unescape(written)


@settings(max_examples=200)
@given(result=sweeps_of_any_space())
def test_an_advised_end_is_a_wider_range_that_a_sweep_file_accepts(result: SweepResult) -> None:
    for edge in summarize(result, methods=()).edges:
        if edge.advised is None:
            continue
        axis = result.config.space.axes[edge.parameter]
        assert edge.advised < edge.bound if edge.side == "lower" else edge.advised > edge.bound
        if isinstance(axis, Choices):
            continue
        whole = isinstance(axis.low, int)
        end = int(edge.advised) if whole else edge.advised
        low, high = (end, axis.high) if edge.side == "lower" else (axis.low, end)
        wider = {"type": "int" if whole else "float", "low": low, "high": high, "log": axis.log}
        assert sweep([], {edge.parameter: wider}).config.space.axes


def test_a_strong_edge_with_nothing_to_advise_is_named_without_advice() -> None:
    """The best values of a range that starts at 0, and of a logarithmic range of whole numbers that starts at 1."""
    space = {"dropout": {"low": 0.0, "high": 0.5}, "width": {"type": "int", "low": 1, "high": 64, "log": True}}
    ends: Params = {"dropout": 0.0, "width": 1}
    others: list[Params] = [{"dropout": 0.1 + n / 100, "width": 10 + n} for n in range(20)]
    trials = [trial(n, ends if n < 4 else others[n - 4], 1.0 - n / 32) for n in range(24)]
    result = sweep(trials, space)
    summary = summarize(result, methods=("PED-ANOVA",))
    assert [(each.strong, each.advised) for each in summary.edges] == [(True, None), (True, None)]
    assert "dropout is best at its lower end (0); width is best at its lower end (1)." in summary.findings
    assert "Widen it" not in page(result, summary) and "try" not in _terminal(summary)


def _terminal(summary: SweepSummary) -> str:
    shown = io.StringIO()
    print_summary(Console(file=shown, width=100), summary, summary.best, "Best configurations", "finished")
    return shown.getvalue().partition("Edges of the space")[2].partition("\n\n")[0]
