"""The page in a real browser: its contents, its interactions, and its security."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.record.inputs import InputFile
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params
from tests.reports.browser import OVERLAPPING_TEXTS, Visit, chromium
from tests.reports.sample_sweeps import SWEEPS, some_trials
from tests.reports.sweeps import sweep


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Visit]:
    visited = Visit(context)
    yield visited
    assert not visited.troubles


def written(tmp_path: Path, result: SweepResult) -> Path:
    file = tmp_path / "report.html"
    file.write_text(page(result, summarize(result, methods=("PED-ANOVA",))), encoding="utf-8")
    return file


@pytest.mark.parametrize("name", SWEEPS)
def test_a_page_opens_without_trouble_and_nothing_overlaps(name: str, tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, SWEEPS[name]()))
    expect(opened.locator("#count")).to_contain_text("trials")
    assert opened.title() == "Sweep one"
    assert opened.evaluate(OVERLAPPING_TEXTS) == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_texts_upon_each_other_or_outside_are_found(tmp_path: Path, visit: Visit) -> None:
    file = tmp_path / "overlap.html"
    file.write_text(
        """<!doctype html><svg class="chart" width="200" height="100" style="overflow: visible">
        <text x="10" y="20">one</text><text x="14" y="22">two</text><text x="100" y="20">apart</text>
        <text x="180" y="60">too far right</text></svg>""",
        encoding="utf-8",
    )
    assert visit.open(file).evaluate(OVERLAPPING_TEXTS) == ["one / two", "outside: too far right"]


def test_a_label_that_is_moved_upon_another_is_found(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(20))))
    moved = opened.locator("#history svg.chart").evaluate("""svg => {
        const [one, other] = [...svg.querySelectorAll("text")].slice(-3);
        for (const name of ["x", "y", "text-anchor", "class"]) other.setAttribute(name, one.getAttribute(name));
        return [one.textContent, other.textContent]; }""")
    assert f"{moved[0]} / {moved[1]}" in opened.evaluate(OVERLAPPING_TEXTS)


@pytest.mark.parametrize("name", ["ordinary", "hostile", "several objectives"])
def test_a_page_is_whole_without_its_script(name: str, browser: Browser, tmp_path: Path) -> None:
    plain = browser.new_context(java_script_enabled=False)
    visited = Visit(plain)
    opened = visited.open(written(tmp_path, SWEEPS[name]()))
    expect(opened.locator("svg.chart").first).to_be_visible()
    expect(opened.locator("#parallel svg.chart")).to_be_visible()
    expect(opened.locator("#trials table tbody tr").first).to_be_visible()
    expect(opened.locator("#grid")).to_be_hidden()
    expect(opened.locator("#theme")).to_be_hidden()
    assert not visited.troubles
    plain.close()


def test_a_page_has_one_of_each_landmark_and_every_figure_is_named(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(30))))
    for tag in ("main", "nav", "body > header", "footer", "h1"):
        expect(opened.locator(tag)).to_have_count(1)
    for chart in opened.locator("svg.chart").all():
        assert chart.evaluate(
            "chart => chart.querySelector('title').textContent && chart.querySelector('desc').textContent"
        )
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_headings_sort_and_say_so(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(40))))
    assert column(opened, "val_acc") == sorted(column(opened, "val_acc"), reverse=True)
    opened.locator("#grid th", has_text="lr").get_by_role("button").click()
    assert column(opened, "lr") == sorted(column(opened, "lr"))
    opened.locator("#grid th", has_text="lr").get_by_role("button").click()
    assert column(opened, "lr") == sorted(column(opened, "lr"), reverse=True)
    expect(opened.locator("#grid th[aria-sort]")).to_have_attribute("aria-sort", "descending")


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("lr", "<0.01", lambda each: float(each["lr"]) < 0.01),
        ("lr", "1e-3..1e-2", lambda each: 1e-3 <= float(each["lr"]) <= 1e-2),
        ("x", ">=.5", lambda each: float(each["x"]) >= 0.5),
        ("kind", "re", lambda each: each["kind"] == "relu"),
        ("kind", "relu | TANH", lambda each: each["kind"] in {"relu", "tanh"}),
        ("trial", "7", lambda each: each["number"] == 7),
    ],
)
def test_filters_keep_what_they_say(
    name: str, typed: str, kept: Callable[[Params], bool], tmp_path: Path, visit: Visit
) -> None:
    trials = some_trials(40)
    expected = sum(kept({**each.params, "number": each.number}) for each in trials)
    opened = visit.open(written(tmp_path, sweep(trials)))
    opened.get_by_label(f"Filter {name}", exact=True).fill(typed)
    expect(opened.locator("#count")).to_have_text(f"{expected} of 40 trials")
    opened.get_by_role("button", name="Clear filters").click()
    expect(opened.locator("#count")).to_have_text("40 trials")
    expect(opened.get_by_label(f"Filter {name}", exact=True)).to_have_value("")


def test_a_filter_that_means_nothing_is_marked_and_keeps_everything(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(10))))
    box = opened.get_by_label("Filter lr", exact=True)
    box.fill("small")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(opened.locator("#count")).to_have_text("10 trials; the filter of lr is invalid")
    opened.get_by_role("button", name="Clear filters").click()
    expect(opened.locator("#count")).to_have_text("10 trials")
    expect(box).to_have_value("")


@pytest.mark.slow
def test_the_keyboard_reaches_every_trial(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(80))))
    opened.locator("#grid .open").first.focus()
    reached = []
    for _ in range(80):
        reached.append(int(opened.evaluate("document.activeElement.textContent")))
        opened.keyboard.press("Tab")
        opened.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sorted(reached) == list(range(80))
    assert opened.evaluate("document.activeElement.closest('#grid')") is None


def test_brushing_an_axis_filters_the_table_and_the_figures(tmp_path: Path, visit: Visit) -> None:
    trials = some_trials(50)
    opened = visit.open(written(tmp_path, sweep(trials)))
    brush(opened, 0.0, 0.5)
    text = opened.locator("#count").text_content() or ""
    filled = next(box for box in opened.locator("#grid thead input").all() if box.input_value())
    low, high = (float(bound) for bound in filled.input_value().split(".."))
    name = (filled.get_attribute("aria-label") or "").removeprefix("Filter ")
    kept = sum(low <= float(each.params[name]) <= high for each in trials)
    assert text == f"{kept} of 50 trials" and 0 < kept < 50
    expect(opened.locator("#history path.points.dimmed").first).to_be_attached()
    opened.locator("#parallel-canvas canvas").last.dblclick(position={"x": 66, "y": 200})
    expect(opened.locator("#count")).to_have_text("50 trials")
    expect(opened.locator("path.points.dimmed")).to_have_count(0)


def test_a_trial_opens_with_all_that_runs_it_again(tmp_path: Path, visit: Visit) -> None:
    result = sweep(some_trials(20))
    opened = visit.open(written(tmp_path, result))
    opened.locator("#grid").get_by_role("button", name="7", exact=True).click()
    card = opened.locator("#card")
    expect(card).to_contain_text("Trial 7")
    for part in ("--number 7", "107", "a" * 40, result.info.identity):
        expect(card).to_contain_text(part)
    expect(card.locator("svg")).to_be_visible()
    opened.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(opened.locator("#grid").get_by_role("button", name="7", exact=True)).to_be_focused()


@pytest.mark.parametrize("width", [477, 1158, 1600])
def test_navigation_that_does_not_fit_shows_on_which_side_more_is_hidden(
    width: int, tmp_path: Path, visit: Visit
) -> None:
    opened = visit.open(written(tmp_path, SWEEPS["several objectives"]()))
    opened.set_viewport_size({"width": width, "height": 900})
    links = opened.locator("nav ul")
    place = links.bounding_box()
    assert place is not None

    def shaded(side: str) -> bool:
        """Compares a strip above the links with one in the middle, where nothing is hidden."""
        left = place["x"] if side == "left" else place["x"] + place["width"] - 4
        edge, middle = (
            opened.screenshot(clip={"x": x, "y": place["y"] + 1, "width": 4, "height": 4})
            for x in (left, place["x"] + width / 2)
        )
        return edge != middle

    fits = bool(links.evaluate("links => links.scrollWidth <= links.clientWidth"))
    assert fits is (width > 477)
    assert (shaded("left"), shaded("right")) == (False, not fits)
    links.evaluate("links => { links.scrollLeft = links.scrollWidth; }")
    assert (shaded("left"), shaded("right")) == (not fits, False)


def test_long_names_leave_room_for_values_on_a_narrow_screen(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800}, reduced_motion="reduce")
    opened = Visit(context).open(written(tmp_path, SWEEPS["hostile"]()))
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.locator("#grid").get_by_role("button", name="23", exact=True).click()
    card = opened.locator("#card")
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    for value in card.locator("dd").all():
        assert value.evaluate("value => value.clientWidth") > 100
    context.close()


def test_the_files_that_trials_read_are_named_with_their_hashes(tmp_path: Path, visit: Visit) -> None:
    result = sweep(some_trials(3))
    read = {"data_file": InputFile(path="data/train.csv", sha256="f" * 64, size=7)}
    result = replace(result, info=result.info.model_copy(update={"inputs": read}))
    opened = visit.open(written(tmp_path, result))
    expect(opened.locator("#again")).to_contain_text("data/train.csv (SHA-256)")
    expect(opened.locator("#again")).to_contain_text("f" * 64)


def test_the_pointer_finds_the_trial_under_it(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(12))))
    chart = opened.locator("#history svg.chart")
    chart.scroll_into_view_if_needed()
    place = chart.evaluate("""svg => { const path = svg.querySelector("path.points"), box = svg.getBoundingClientRect();
        const [x, y] = path.getAttribute("d").match(/[\\d.]+/g).map(Number);
        const scale = box.width / svg.viewBox.baseVal.width;
        return [box.left + x * scale, box.top + y * scale, path.dataset.trials.split(",")[0]]; }""")
    opened.mouse.move(place[0] + 2, place[1] + 1)
    expect(opened.locator(".tip")).to_contain_text(f"trial {place[2]}")
    assert opened.locator("circle.marker").count() > 1
    opened.mouse.move(5, 5)
    expect(opened.locator(".tip")).to_be_hidden()


def test_the_page_works_in_a_sandboxed_frame(tmp_path: Path, visit: Visit) -> None:
    inside = written(tmp_path, sweep(some_trials(30))).read_text(encoding="utf-8")
    visit.page.set_content('<iframe sandbox="allow-scripts" width="1200" height="800"></iframe>')
    visit.page.evaluate("inside => { document.querySelector('iframe').srcdoc = inside; }", inside)
    frame = visit.page.frame_locator("iframe")
    expect(frame.locator("#count")).to_have_text("30 trials")
    frame.get_by_role("link", name="All trials").click()
    frame.get_by_label("Filter x", exact=True).fill("<0.5")
    expect(frame.locator("#count")).to_contain_text("of 30 trials")
    frame.get_by_role("button", name="Theme").click()
    expect(frame.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.slow
def test_ten_thousand_trials_are_all_there_and_few_are_in_the_document(tmp_path: Path, visit: Visit) -> None:
    opened = visit.open(written(tmp_path, sweep(some_trials(10_000, curve=2))))
    expect(opened.locator("#count")).to_have_text("10,000 trials")
    expect(opened.locator("#grid table")).to_have_attribute("aria-rowcount", "10001")
    assert opened.locator("#grid tbody tr").count() < 100
    values = column(opened, "val_acc")
    opened.locator("#grid").evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    expect(opened.locator("#grid tbody tr[aria-rowindex='10001']")).to_be_attached()
    assert max(column(opened, "val_acc")) < min(values)
    assert opened.evaluate(OVERLAPPING_TEXTS) == []


def column(opened: Page, name: str) -> list[float]:
    """Returns the numbers of a column in the rows that are in the document."""
    cells = opened.evaluate(
        """name => {
        const all = (selector) => [...document.querySelectorAll(selector)];
        const place = all("#grid thead th button").map(each => each.textContent).indexOf(name);
        return all("#grid tbody tr:not(.pad)").map(row => row.children[place].textContent); }""",
        name,
    )
    return [float(cell) for cell in cells]


def brush(opened: Page, low: float, high: float) -> None:
    """Drag along the first axis of the parallel coordinates, from 0 (below) to 1."""
    canvas = opened.locator("#parallel-canvas canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    top, bottom = box["y"] + 58, box["y"] + 360
    opened.mouse.move(box["x"] + 66, bottom - low * (bottom - top))
    opened.mouse.down()
    opened.mouse.move(box["x"] + 66, bottom - high * (bottom - top), steps=4)
    opened.mouse.up()
    expect(opened.locator("#count")).to_have_text(re.compile("of"))
