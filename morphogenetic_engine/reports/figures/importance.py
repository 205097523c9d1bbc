"""The importance figure: the share of each parameter with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Axis, Boxes, Chart, Figure, Intervals
from morphogenetic_engine.reports.drawing.scales import CategoryScale, from_zero
from morphogenetic_engine.reports.importance.importance import Importance, ParameterImportance

_CAPTION = (
    "The share of each parameter, with its 90 % interval from resampled trials. A pale bar is within the range that an"
    " irrelevant parameter reaches by chance. PED-ANOVA measures how far a parameter decides whether a trial is among"
    " the best; fANOVA measures the share of the variance that it explains."
)
MOST_PARAMETERS = 20


def importance_figure(importances: Sequence[Importance]) -> Figure:
    """Returns a chart for each method and objective that has a result."""
    estimated = [each for each in importances if each.parameters]
    charts = tuple(_chart(each) for each in estimated)
    reasons = dict.fromkeys(each.withheld for each in importances if each.withheld)
    withheld = "; ".join(f"{reason[0].upper()}{reason[1:]}" for reason in reasons)
    left_out = sorted({name for each in estimated for name in each.left_out})
    notes = [f"Trials are compared {each}." for each in dict.fromkeys(found.basis for found in estimated) if each]
    if charts and withheld:
        notes.append(f"{withheld}.")
    if left_out:
        notes.append(f"Not judged by every method: {', '.join(left_out)}.")
    empty = "" if charts else f"{withheld or 'No importance could be computed'}."
    return Figure("importance", "Importance", _CAPTION, charts, left_out=" ".join(notes), empty=empty)


def _chart(importance: Importance) -> Chart:
    shown = importance.parameters[:MOST_PARAMETERS]
    names = CategoryScale(tuple(each.parameter for each in shown), downwards=True)
    marks = (
        _bars("complete", [(place, each) for place, each in enumerate(shown) if each.clear], "clear"),
        _bars("faint", [(place, each) for place, each in enumerate(shown) if not each.clear], "may be chance"),
        Intervals(
            "ink",
            tuple(100 * each.low for each in shown),
            tuple(100 * each.high for each in shown),
            tuple(float(place) for place in range(len(shown))),
            "90 % interval",
        ),
    )
    return Chart(
        f"Importance for {importance.objective}, {importance.method}",
        _description(importance),
        Axis(
            f"share of the importance for {importance.objective}", "%", from_zero([100 * each.high for each in shown])
        ),
        Axis(f"{importance.method}, {importance.trials:,} trials", "parameter", names),
        marks,
        height=110 + 26 * len(shown),
    )


def _bars(style: str, bars: Sequence[tuple[int, ParameterImportance]], label: str) -> Boxes:
    places = [float(place) for place, _ in bars]
    return Boxes(
        style,
        (0.0,) * len(bars),
        tuple(100 * each.share for _, each in bars),
        tuple(place + 0.32 for place in places),
        tuple(place - 0.32 for place in places),
        label if bars else "",
    )


def _description(importance: Importance) -> str:
    parts = [
        f"{each.parameter} {100 * each.share:.0f} % ({100 * each.low:.0f} to {100 * each.high:.0f} %"
        f"{'' if each.clear else ', may be chance'})"
        for each in importance.parameters
    ]
    return f"{importance.method} over {importance.trials} trials: " + ", ".join(parts) + "."
