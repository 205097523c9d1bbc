"""A real browser for the tests of the page: Debian's Chromium, one for all tests of a process, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MISSING = "needs Chromium, which scripts/test-servers.sh installs"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Starts the browser; the test is skipped where there is none, and fails where CI says there must be."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page that was opened, and everything that should not have happened in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.troubles: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.troubles.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def open(self, file: Path) -> Page:
        """Opens a file and waits until its script, if it has one, has run."""
        self.page.goto(file.as_uri())
        return self.page

    def _asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "about:")):
            self.troubles.append(f"request: {url}")


OVERLAPPING_TEXTS = """
() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg.chart, svg.key")) {
    if (!svg.getClientRects().length) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => {
      return { text: text.firstChild?.data ?? "", box: text.getBoundingClientRect() };
    });
    texts.forEach((one, place) => {
      if (one.box.left < frame.left - 2 || one.box.right > frame.right + 2) found.push(`outside: ${one.text}`);
      for (const other of texts.slice(place + 1)) {
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (across > 1 && down > 3) found.push(`${one.text} / ${other.text}`);
      }
    });
  }
  return found;
}
"""
"""The texts of figures that lie upon each other, or outside of their figure."""
