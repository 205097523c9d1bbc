"""Charts become well-formed SVG with a text alternative."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.reports.drawing.charts import (
    Axis,
    Band,
    Boxes,
    Chart,
    ColourKey,
    Intervals,
    Line,
    Mark,
    ParallelChart,
    Points,
    Rule,
    Thread,
    Words,
)
from morphogenetic_engine.reports.drawing.palette import DARK, LIGHT
from morphogenetic_engine.reports.drawing.scales import CategoryScale, LinearScale
from morphogenetic_engine.reports.drawing.svg import draw
from morphogenetic_engine.reports.drawing.text_size import shortened, text_width

HOSTILE = '<script>alert(\'"&")</script>'
_SVG = "{http://www.w3.org/2000/svg}"


def chart(*marks: Mark, name: str = "val_acc", key: ColourKey | None = None) -> Chart:
    x, y = Axis("trial", "number", LinearScale(0, 10)), Axis(name, "higher is better", LinearScale(0, 1))
    return Chart(name, f"About {name}.", x, y, marks, key=key)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def test_a_chart_has_a_title_a_description_and_named_axes() -> None:
    root = ElementTree.fromstring(draw(chart(), "history-0"))
    named = root.get("aria-labelledby", "").split()
    assert root.get("role") == "img"
    assert [element.get("id") for element in root if element.get("id")] == named
    assert {"trial (number)", "val_acc (higher is better)"} <= set(texts(draw(chart(), "a")))


def test_points_lie_where_their_values_say_and_know_their_trials() -> None:
    svg = draw(chart(Points("complete", (0.0, 10.0), (0.0, 1.0), (7, 12))), "a")
    path = next(element for element in ElementTree.fromstring(svg).iter(f"{_SVG}path") if element.get("data-trials"))
    (x0, y0), (x1, y1) = ((float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path.get("d", "")))
    assert path.get("data-trials") == "7,12"
    assert x0 < x1 and y0 > y1


def test_a_stepped_line_turns_at_right_angles() -> None:
    svg = draw(chart(Line("best", (0.0, 5.0), (0.2, 0.8), stepped=True, label="best so far")), "a")
    paths = [
        element.get("d", "")
        for element in ElementTree.fromstring(svg).iter(f"{_SVG}path")
        if "s-best" in (element.get("class") or "")
    ]
    corners = re.findall(r"([\d.]+) ([\d.]+)", max(paths, key=len))
    assert len(corners) == 3
    assert corners[0][1] == corners[1][1] and corners[1][0] == corners[2][0]


def test_every_mark_can_be_drawn() -> None:
    marks: tuple[Mark, ...] = (
        Band("area", (0.0, 1.0), (0.1, 0.2), (0.3, 0.4), "band"),
        Boxes("complete", (0.0,), (1.0,), (0.0,), (1.0,), "box"),
        Intervals("ink", (1.0,), (2.0,), (0.5,), "interval"),
        Rule("baseline", 0.5, "rule"),
        Words("ink", (1.0,), (0.5,), ("words",)),
        *(Points("failed", (1.0,), (0.5,), (1,), shape, shape) for shape in ("dot", "tick", "cross", "diamond")),
    )
    shown = texts(draw(chart(*marks, key=ColourKey("worst", "best", "rank")), "a"))
    assert {"band", "box", "interval", "rule", "words", "dot", "worst", "best", "rank"} <= set(shown)


def test_marks_without_values_draw_nothing() -> None:
    empty = draw(chart(Points("complete", (), (), ()), Line("best", (), ()), Boxes("complete", (), (), (), ())), "a")
    assert empty == draw(chart(), "a")


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=300)
)
def test_any_name_is_well_formed_svg_and_stays_inside(name: str) -> None:
    svg = draw(chart(Points("complete", (1.0,), (0.5,), (1,), label=name), name=name), "a")
    assert all(text_width(text, 11) <= 540 for text in texts(svg))


def test_a_hostile_name_is_text() -> None:
    svg = draw(chart(name=HOSTILE), "a")
    assert "<script" not in svg
    assert ElementTree.fromstring(svg).find(f"{_SVG}title").text == HOSTILE  # type: ignore[union-attr]


def test_parallel_coordinates_have_an_axis_for_each_value() -> None:
    axes = (Axis("lr", "log scale", LinearScale(0, 1)), Axis("kind", "choice", CategoryScale(("a", HOSTILE))))
    threads = (Thread(3, (0.5, 1.0), "level-0"), Thread(4, (0.5, None), "level-6"))
    svg = draw(ParallelChart("All", "Everything.", axes, threads), "a")
    root = ElementTree.fromstring(svg)
    drawn = {element.get("data-trial") for element in root.iter(f"{_SVG}path") if element.get("data-trial")}
    assert drawn == {"3", "4"}
    assert {"lr", "kind", "(choice)"} <= set(texts(svg))
    paper = [float(rect.get("y", "")) for rect in root.iter(f"{_SVG}rect") if rect.get("class") == "f-paper"]
    labels = [text for text in root.iter(f"{_SVG}text") if text.get("class", "").startswith("small f-ink")]
    assert {float(text.get("y", "")) - 10 for text in labels} <= set(paper)  # lines do not cross labels out


def test_a_chart_that_stands_alone_needs_no_custom_property() -> None:
    assert "var(" not in draw(chart(), "a", alone=True)


@pytest.mark.parametrize("width", [20, 60, 200])
def test_a_shortened_text_fits_and_keeps_both_ends(width: int) -> None:
    text = "learning_rate_of_the_shadow_network_in_stage_two"
    short = shortened(text, width, 12)
    assert text_width(short, 12) <= width
    head, _, tail = short.partition("…")
    assert text.startswith(head) and (not tail or text.endswith(tail))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_have_enough_contrast(theme: dict[str, str]) -> None:
    papers = [luminance(theme[name]) for name in ("paper", "raised", "sunken")]
    for role in ("ink", "muted", "link", "good", "warn", "best", "baseline", "failed"):
        assert min(contrast(luminance(theme[role]), paper) for paper in papers) >= 4.5, role
    for role in ("complete", "pruned", "interrupted"):
        assert contrast(luminance(theme[role]), papers[0]) >= 3, role
    # The numbers in the cells of the correlations.
    for step in range(9):
        text = "paper" if step in {0, 8} else "ink"
        assert contrast(luminance(theme[text]), luminance(theme[f"diverging-{step}"])) >= 4.5, step


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
