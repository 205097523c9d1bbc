"""The timeline figure: the attempts of each worker over the running time."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.timeline import Bar, Timeline, most_together
from morphogenetic_engine.reports.drawing.charts import Axis, Boxes, Chart, Figure
from morphogenetic_engine.reports.drawing.scales import CategoryScale, from_zero
from morphogenetic_engine.reports.findings import duration

_WIDTH = 1100
_MOST_WORKERS = 64
_STATES = ("complete", "paused", "pruned", "failed", "interrupted", "running")
_CAPTION = (
    "Each bar is an attempt at a trial; those of trials that ran together in a worker overlap. Gaps are workers that"
    " waited: for a suggestion, for a slower trial, or because nothing was left to do. Pauses between sessions are left"
    " out."
)
_UNITS = ((172_800.0, 86_400.0, "days"), (7_200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


def timeline_figure(timeline: Timeline) -> Figure:
    """Returns the timeline of the workers."""
    if not timeline.bars:
        return Figure("timeline", "Timeline", _CAPTION, (), empty="No trial has started.")
    workers = sorted({each.worker for each in timeline.bars})
    shown = workers[:_MOST_WORKERS]
    long = max(timeline.seconds, *(each.end for each in timeline.bars))
    divisor, unit = next((size, unit) for least, size, unit in _UNITS if long >= least)
    names = CategoryScale(tuple(f"worker {worker}" for worker in shown), downwards=True)
    chart = Chart(
        "Timeline of the workers",
        _description(timeline),
        Axis("running time of the sweep", unit, from_zero([long / divisor])),
        Axis("worker", "number", names),
        tuple(_boxes(state, timeline.bars, shown, divisor, long) for state in _STATES),
        width=_WIDTH,
        height=110 + max(44, 22 * len(shown)),
    )
    out = f"{len(shown)} of {len(workers)} workers are drawn." if len(shown) < len(workers) else ""
    return Figure("timeline", "Timeline", _CAPTION, (chart,), left_out=out)


def _boxes(state: str, bars: Sequence[Bar], workers: Sequence[int], divisor: float, long: float) -> Boxes:
    place = {worker: float(index) for index, worker in enumerate(workers)}
    spans: list[tuple[float, float, float]] = []
    for worker in workers:
        mine = [each for each in bars if each.worker == worker and each.state == state]
        spans.extend((start, end, place[worker]) for start, end in _merged_spans(mine, long / _WIDTH))
    return Boxes(
        state,
        tuple(start / divisor for start, _, _ in spans),
        tuple(end / divisor for _, end, _ in spans),
        tuple(at + 0.36 for _, _, at in spans),
        tuple(at - 0.36 for _, _, at in spans),
        state if spans else "",
    )


def _merged_spans(bars: Sequence[Bar], pixel: float) -> list[tuple[float, float]]:
    """Returns the spans of the bars; bars whose gap is narrower than a pixel are joined."""
    spans: list[tuple[float, float]] = []
    for each in sorted(bars, key=lambda one: one.start):
        if spans and each.end - each.start < 2 * pixel and each.start - spans[-1][1] < pixel / 2:
            spans[-1] = (spans[-1][0], max(each.end, spans[-1][1]))
        else:
            room = min(pixel, (each.end - each.start) / 4)
            spans.append((each.start, each.end - room))
    return spans


def _description(timeline: Timeline) -> str:
    shares = [f"worker {each.worker} {100 * each.share:.0f} %" for each in timeline.workers[:16]]
    most = most_together(timeline.bars)
    together = f", up to {most} together in one" if most > 1 else ""
    return (
        f"{len(timeline.bars)} attempts on {len(timeline.workers)} workers{together} in {duration(timeline.seconds)}."
        f" Busy: {', '.join(shares)}."
    )
