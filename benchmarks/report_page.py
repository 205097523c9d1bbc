"""Measures the HTML report: the time to write it, its size, and its response times in a browser.

In the browser the clock starts with the request. The first figure counts once the browser has painted it,
and a brush once the table and the count show its selection.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.problems.journals import write_sweep
from benchmarks.reports import Spent, spent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_EPOCHS = 30
_MEGABYTE = 1e6
_STEPS = 12
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_FIRST_FIGURE = """
() => new Promise((done) => {
  const look = () => {
    const shown = document.querySelector("svg.chart")?.getBoundingClientRect().width > 0;
    if (shown && document.querySelector("#count")?.textContent) requestAnimationFrame(() => done(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})
"""
_BRUSH = """
async (steps) => {
  const canvas = [...document.querySelectorAll("#parallel-canvas canvas")].pop();
  canvas.scrollIntoView({ block: "center", behavior: "instant" });
  await new Promise((ready) => setTimeout(ready, 1500));
  const box = canvas.getBoundingClientRect();
  const send = (kind, share) => canvas.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, bubbles: true, cancelable: true, clientX: box.left + 66, clientY: box.top + 360 - share * 300 }));
  canvas.setPointerCapture = () => {};
  const times = [];
  send("pointerdown", 0.1);
  for (let step = 1; step <= steps; step += 1) {
    const count = document.querySelector("#count").textContent, begun = performance.now();
    send(step === steps ? "pointerup" : "pointermove", 0.1 + 0.06 * step);
    while (document.querySelector("#count").textContent === count && performance.now() - begun < 2000) {
      await new Promise(requestAnimationFrame);
      if (step === steps) break;
    }
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - begun);
  }
  return times;
}
"""


def figures() -> list[Figure]:
    """Writes the pages of 100, 200 and 10,000 trials of 30 epochs each, and opens the last two."""
    with tempfile.TemporaryDirectory() as place:
        results = Path(place)
        large, large_page = _written(results, 10_000)
        small, small_page = _written(results, 100)
        _, middle_page = _written(results, 200)
        return [
            Figure("page of 10,000 trials x 30 epochs", large.seconds, "s", 10),
            Figure("the same in processor time", large.cpu_seconds, "s"),
            Figure("peak memory of it", large.peak_bytes / _MEGABYTE, "MB", 1000),
            Figure("its size", large_page.stat().st_size / _MEGABYTE, "MB", 12),
            Figure("page of 100 trials x 30 epochs", small.seconds, "s", 3),
            Figure("the same in processor time, 100 trials", small.cpu_seconds, "s"),
            Figure("its size, 100 trials", small_page.stat().st_size / _MEGABYTE, "MB", 2),
            *_in_browser(middle_page, large_page),
        ]


def _written(results: Path, trials: int) -> tuple[Spent, Path]:
    sweep_id = f"of-{trials}"
    folder = write_sweep(results, sweep_id, trials=trials, epochs=_EPOCHS)
    used = spent("report", "export", "--sweep-id", sweep_id, "--results", str(results), "--format", "html")
    return used, folder.path / "report" / "report.html"


def _in_browser(middle: Path, large: Path) -> list[Figure]:
    from playwright.sync_api import sync_playwright  # pylint: disable=import-outside-toplevel  # starts a driver

    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("needs Chromium: scripts/test-servers.sh installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        first = _first_figure(browser, middle)
        first_large = _first_figure(browser, large)
        times = _opened(browser, large).evaluate(_BRUSH, _STEPS)
        browser.close()
    return [
        Figure("first figure of 200 trials in Chromium", first, "s", 2),
        Figure("first figure of 10,000 trials in Chromium", first_large, "s", 5),
        Figure("a step of brushing 10,000 trials, median", statistics.median(times), "ms", 200),
        Figure("a step of brushing 10,000 trials, slowest", max(times), "ms", 200),
    ]


def _opened(browser: Browser, file: Path) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    return page


def _first_figure(browser: Browser, file: Path) -> float:
    page = _opened(browser, file)
    milliseconds: float = page.evaluate(_FIRST_FIGURE)
    page.close()
    return milliseconds / 1000
