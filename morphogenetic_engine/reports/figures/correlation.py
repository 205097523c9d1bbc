"""The correlation figure: the rank correlations among parameters and metrics as a matrix."""

from __future__ import annotations

from collections import defaultdict

from morphogenetic_engine.reports.analysis.correlation import Association, Correlations, strongest
from morphogenetic_engine.reports.drawing.charts import Axis, Boxes, Chart, ColourKey, Figure, Words
from morphogenetic_engine.reports.drawing.scales import CategoryScale

_CAPTION = (
    "Rank correlation (Spearman) of parameters and metrics over the complete trials: −100 and 100 are exact order, 0 is"
    " none. Cells with categories have the correlation ratio or Cramér's V, which have no sign. The number of a"
    " column is that of its row."
)
MOST_COLUMNS = 18
_CELL = 40


def correlation_figure(correlations: Correlations) -> Figure:
    """Returns the matrix of rank correlations."""
    names = [*correlations.metrics, *correlations.parameters][:MOST_COLUMNS]
    found = [each for each in correlations.associations if each.one in names and each.other in names]
    if not any(each.rank is not None for each in found):
        empty = "Correlations need four complete trials and two parameters or metrics that vary."
        return Figure("correlation", "Correlations", _CAPTION, (), empty=empty)
    total = len(correlations.metrics) + len(correlations.parameters)
    out = f"{len(names)} of {total} parameters and metrics are shown." if len(names) < total else ""
    return Figure("correlation", "Correlations", _CAPTION, (_chart(correlations, names, found),), left_out=out)


def _chart(correlations: Correlations, names: list[str], found: list[Association]) -> Chart:
    cells: dict[int, list[tuple[int, int]]] = defaultdict(list)
    texts: dict[bool, list[tuple[int, int, str]]] = {True: [], False: []}
    place = {name: index for index, name in enumerate(names)}
    for each in found:
        if each.rank is None:
            continue
        for column, row in ((place[each.one], place[each.other]), (place[each.other], place[each.one])):
            step = round((each.rank + 1) / 2 * 8)
            cells[step].append((column, row))
            texts[step in {0, 8}].append((column, row, f"{round(100 * each.rank)}".replace("-", "−")))
    boxes = tuple(_boxes(step, cells[step]) for step in sorted(cells))
    words = tuple(_words("paper" if strong else "ink", texts[strong]) for strong in (False, True))
    rows = CategoryScale(tuple(f"{name}  {index}" for index, name in enumerate(names, 1)), downwards=True)
    columns = CategoryScale(tuple(str(index) for index in range(1, len(names) + 1)))
    return Chart(
        "Rank correlations",
        _description(correlations, names),
        Axis("column", "number of the row", columns),
        Axis("row", "parameter or metric", rows),
        (*boxes, *words),
        width=min(1100, 260 + _CELL * len(names)),
        height=120 + 26 * len(names),
        key=ColourKey("opposite −100", "100 alike", "rank correlation (%)", diverging=True),
        grid=False,
    )


def _boxes(step: int, cells: list[tuple[int, int]]) -> Boxes:
    return Boxes(
        f"diverging-{step}",
        tuple(column - 0.48 for column, _ in cells),
        tuple(column + 0.48 for column, _ in cells),
        tuple(row + 0.46 for _, row in cells),
        tuple(row - 0.46 for _, row in cells),
    )


def _words(style: str, texts: list[tuple[int, int, str]]) -> Words:
    return Words(
        style,
        tuple(float(column) for column, _, _ in texts),
        tuple(float(row) for _, row, _ in texts),
        tuple(text for _, _, text in texts),
    )


def _description(correlations: Correlations, names: list[str]) -> str:
    top = strongest(correlations, names)[:5]
    parts = [f"{each.one} with {each.other} {each.rank:.2f}" for each in top if each.rank is not None]
    return "The strongest: " + ", ".join(parts) + "." if parts else "No correlations."
