"""The page in a real browser: a live sweep, and lost connections."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.monitor.listener import address_of, listen
from morphogenetic_engine.sweeps.record.events import (
    Event,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.run.workers.worker_places import FILE, WorkerPlace, WorkerPlaces, write_places
from tests.conftest import StartSweep
from tests.monitor.conftest import monitoring
from tests.monitor.stories import written
from tests.waiting import DEADLINE_SECONDS

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CI") != "true", reason="needs chromium, see scripts/test-servers.sh"
    ),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 1000 * DEADLINE_SECONDS
"""Milliseconds."""
HOSTILE = "<img src=x onerror=alert(1)>'\"`${alert(1)}&amp;\u202eevil"
MANY = """
experiment: {workload: "toy:nothing"}
parameters:
  x: {type: float, low: 0, high: 1, points: 10000}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that has written nothing to the console, and asked nobody but its monitor, by the end of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(_text(message)))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: said.append(dialog.message))
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    context.close()
    assert [each for each in said if each] == []
    assert [url for url in asked if not url.startswith("http://127.0.0.1:")] == []


def _text(message: ConsoleMessage) -> str:
    """Returns what the console says, but not that a server has gone or refused: the page says so itself."""
    return "" if re.search("WebSocket|Failed to load resource", message.text) else f"{message.type}: {message.text}"


def running(trials: int, *, ended: int) -> list[Event]:
    """Returns events of that many trials, of which the first ones have ended; trial 1 failed."""
    events: list[Event] = [SessionStarted(1.0, 1, "here", "0", 2)]
    for number in range(trials):
        events.append(TrialStarted(2.0 + number, number, 0, number % 2, 7, {"x": number / trials}))
        events += [TrialReported(2.0 + number, number, 0, step, {"val_acc": step / 10}) for step in range(3)]
        if number == 1:
            message = f"ValueError: {HOSTILE}"
            events.append(TrialEnded(3.0, number, 0, TrialState.FAILED, 1.0, {}, FailureReason.EXCEPTION, message))
        elif number < ended:
            metrics = {"val_acc": (number * 37 % trials) / trials}
            events.append(TrialEnded(3.0 + number, number, 0, TrialState.COMPLETE, 1.0, metrics))
    return events


def test_what_the_journal_says_is_on_the_page(page: Page, folder: SweepFolder) -> None:
    written(running(8, ended=6), folder.journal)
    with monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#ended")).to_have_text("6 of 8")
        expect(page.locator("#sweep-id")).to_have_text(folder.sweep_id)
        expect(page.locator("#best")).to_have_text("0.875")
        expect(page.locator("#best-trial")).to_have_text("trial 3")
        expect(page.locator("#failures tbody tr")).to_have_count(1)
        expect(page.locator("#trials tbody th")).to_have_count(8)
        expect(page.locator("#stop")).to_be_disabled()
        assert page.title() == f"6/8 · {folder.sweep_id}"


def test_what_happens_is_on_the_page_soon(page: Page, folder: SweepFolder) -> None:
    events = running(8, ended=8)
    written(events[:20], folder.journal)
    with monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#connection")).to_have_text("live")
        written(events[20:], folder.journal)
        expect(page.locator("#ended")).to_have_text("8 of 8")


def test_hostile_names_and_messages_stay_text(page: Page, start: StartSweep) -> None:
    quoted = HOSTILE.replace("'", "''")
    folder = start(f"experiment: {{workload: 'toy:nothing'}}\nparameters: {{x: ['{quoted}', plain]}}")
    events: list[Event] = [SessionStarted(1.0, 1, "here", "0", 1), TrialStarted(2.0, 0, 0, 0, 7, {"x": HOSTILE})]
    fail = TrialEnded(
        3.0, 0, 0, TrialState.FAILED, 1.0, {}, FailureReason.EXCEPTION, f"<script>alert(2)</script>{HOSTILE}"
    )
    written([*events, fail], folder.journal)
    with monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#failures tbody tr")).to_contain_text("<script>alert(2)</script><img src=x")
        page.locator("#trials .open").click()
        expect(page.locator("#details")).to_contain_text(HOSTILE)
        assert page.locator("img, iframe").count() == 0


def test_a_trial_opens_with_its_curve_from_the_keyboard(page: Page, folder: SweepFolder) -> None:
    written(running(4, ended=4), folder.journal)
    with monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#ended")).to_have_text("4 of 8")
        page.locator("#trials .open").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#details-title")).to_have_text("Trial 3")
        expect(page.locator("#details canvas")).to_have_attribute(
            "aria-label", "val_acc of trial 3, 3 points, the last 0.2"
        )
        page.keyboard.press("Escape")
        expect(page.locator("#details")).to_be_hidden()


def test_ten_thousand_trials_are_sorted_and_filtered_with_few_rows_in_the_document(
    page: Page, start: StartSweep
) -> None:
    folder = start(MANY)
    written(running(10_000, ended=10_000), folder.journal)
    with monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#trials-count")).to_have_text("10000 trials")
        assert page.locator("#trials tbody tr").count() < 60
        assert page.evaluate("document.querySelectorAll('*').length") < 2000
        page.get_by_role("button", name="val_acc", exact=True).click()
        expect(page.locator("#trials .open").first).to_have_text("0")
        page.get_by_role("button", name="val_acc", exact=True).click()
        best = next(number for number in range(10_000) if number * 37 % 10_000 == 9_999)
        expect(page.locator("#trials .open").first).to_have_text(str(best))
        page.locator("#trials").evaluate("grid => { grid.scrollTop = 30 * 5000 }")
        rows = page.locator("#trials tbody tr:not(.pad)")
        expect(rows.first).to_have_attribute("aria-rowindex", re.compile("49[0-9]{2}|5[0-9]{3}"))
        page.locator("#trials").evaluate("grid => { grid.scrollTop = 0 }")
        expect(rows.first).to_have_attribute("aria-rowindex", "2")
        page.locator("#trials .open").first.focus()
        reached = []
        for _ in range(60):
            reached.append(page.evaluate("document.activeElement.closest('tr').ariaRowIndex"))
            page.keyboard.press("Tab")
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert reached == [str(row) for row in range(2, 62)]
        page.locator("#filter-text").fill("x=0.1234")
        expect(page.locator("#trials-count")).to_have_text("1 of 10000 trials")
        page.locator("#filter-text").fill("")
        page.locator("#filter-state").select_option("failed")
        expect(page.locator("#trials .open")).to_have_text(["1"])


def test_a_viewer_with_the_link_enters_and_one_without_is_asked(page: Page, folder: SweepFolder) -> None:
    written(running(8, ended=6), folder.journal)
    with monitoring(folder, bound="0.0.0.0") as monitor:
        address = f"http://127.0.0.1:{monitor.port}/"
        page.goto(address)
        page.get_by_label("Token").fill("not the token")
        with page.expect_response("**/login"):
            page.get_by_role("button", name="Look").click()
        expect(page.get_by_role("alert")).to_have_text("this is not the token")
        page.goto("about:blank")
        page.goto(f"{address}#token={monitor.access.token}")
        expect(page.locator("#ended")).to_have_text("6 of 8")
        assert monitor.access.token not in page.url


def test_the_stop_button_ends_a_real_sweep_and_the_page_goes_on_after_a_resume(page: Page, workplace: Path) -> None:
    (workplace / "hold").write_text(" ".join(map(str, range(2, 30))), encoding="utf-8")
    (workplace / "sweep.yaml").write_text(
        'experiment: {workload: "toy:held"}\n'
        "parameters: {x: {type: float, low: 0, high: 1, points: 30}}\nexecution: {max_parallel: 2}\n",
        encoding="utf-8",
    )
    with listen(port=0) as free:
        port = address_of(free)[1]
    with sweep("run", "--config", "sweep.yaml", "--sweep-id", "s", "--serve", f"--port={port}") as first:
        wait_for_line(first, "monitor:")
        page.goto(link_of(port))
        expect(page.locator("#running tbody tr")).not_to_have_count(0)
        page.get_by_role("button", name="Stop the sweep").click()
        page.get_by_role("dialog").get_by_role("button", name="Stop the sweep").click()
        expect(page.locator("#state")).to_have_text("interrupted")
        assert first.wait(DEADLINE_SECONDS) == 130
    with sweep("resume", "--sweep-id", "s", "--serve", f"--port={port}") as second:
        expect(page.locator("#connection")).to_have_text("live")
        expect(page.locator("#state")).to_have_text("running")
        page.get_by_role("button", name="Stop the sweep").click()
        page.get_by_role("dialog").get_by_role("button", name="Stop the sweep").click()
        expect(page.locator("#state")).to_have_text("interrupted")
        assert second.wait(DEADLINE_SECONDS) == 130


def sweep(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_line(process: subprocess.Popen[str], wanted: str) -> None:
    assert process.stdout is not None
    assert any(wanted in line for line in process.stdout)


def link_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def test_each_worker_is_shown_with_its_host_job_trial_and_wait(page: Page, folder: SweepFolder) -> None:
    written(running(1, ended=0), folder.journal)
    with Journal(folder.journal), monitoring(folder) as monitor:
        page.goto(f"http://127.0.0.1:{monitor.port}/")
        expect(page.locator("#connection")).to_have_text("live")
        expect(page.locator("#machines-section")).to_be_hidden()
        waiting = WorkerPlace(1, "", time.time() - 95)
        write_places(
            folder.path, WorkerPlaces("job 18 pending (Resources)", [WorkerPlace(0, "node3, job 17", 100.0), waiting])
        )
        rows = page.locator("#machines tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.nth(0)).to_contain_text("node3, job 17")
        expect(rows.nth(0)).to_contain_text("trial 0, step 2")
        expect(rows.nth(1)).to_contain_text("not placed yet")
        expect(rows.nth(1)).to_contain_text("01:")
        expect(page.locator("#machines-note")).to_have_text("1 worker at work, 1 waiting: job 18 pending (Resources)")
        (folder.path / FILE).unlink()
        expect(page.locator("#machines-section")).to_be_hidden()
