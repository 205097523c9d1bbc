"""Takes the pictures of README.md and docs/ from a real sweep: `make pictures` (needs Chromium)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from shutil import which

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SWEEP = "examples/halving.yaml"
SWEEP_ID = "spirals"
WINDOW: ViewportSize = {"width": 1040, "height": 900}
LONG_WINDOW: ViewportSize = {"width": 1040, "height": 2080}
COLUMNS = 108
COLOURS = 128
_FONT_FILES = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)
"""Rich's SVGs load fonts from a server, which pictures in a README cannot."""
_ADDRESS = re.compile(r"monitor: (http://\S+)")
_TEN_STEPS = re.compile(r"\d\d:\d\d[1-9]\d")
"""A row of the monitor's table of running trials, without the borders of cells: the time, then ten steps or more."""


def main() -> None:
    """Runs a longer sweep of `make sweep`'s file, confirms its best, and takes the pictures."""
    with tempfile.TemporaryDirectory() as scratch, _chromium() as browser:
        results = Path(scratch)
        _run_and_watch(browser, results, IMAGES / "monitor.png")
        _morphogenetic("sweep", "confirm", *_of(results), "--top", "2", "--seeds", "8")
        shown = _morphogenetic("report", "summary", *_of(results), "--top", "5")
        (IMAGES / "terminal.svg").write_text(terminal_svg(shown), encoding="utf-8")
        _morphogenetic("report", "export", *_of(results), "--format", "html", "--to", scratch)
        _page_pictures(browser, (results / "report.html").as_uri())


def _page_pictures(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport=LONG_WINDOW)
    page.goto(address)
    page.wait_for_selector("svg")
    page.emulate_media(color_scheme="light")
    _save(page.screenshot(), IMAGES / "report.png")
    page.emulate_media(color_scheme="dark")
    _save(page.screenshot(), IMAGES / "report-dark.png")


def terminal_svg(output: str) -> str:
    """Returns a program's output with its colours, as the picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(output.strip("\n")))
    return _FONT_FILES.sub("", console.export_svg(title="morphogenetic report summary"))


def _of(results: Path) -> tuple[str, ...]:
    return "--sweep-id", SWEEP_ID, "--results", str(results)


def _morphogenetic(*arguments: str) -> str:
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "morphogenetic_engine.cli.main", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _run_and_watch(browser: Browser, results: Path, picture: Path) -> None:
    """Runs the sweep with its monitor, and takes a picture while it runs."""
    command = [sys.executable, "-u", "-m", "morphogenetic_engine.cli.main", "sweep", "bayesian", "--config", SWEEP]
    command += [*_of(results), "--trials", "60", "--serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sweep:
        assert sweep.stdout is not None
        page = browser.new_page(viewport=WINDOW)
        for line in sweep.stdout:
            if found := _ADDRESS.search(line):
                page.goto(found[1])
            if line.startswith("[30/"):
                expect(page.locator("#ended")).to_have_text(re.compile(r"[3-6]\d of"), timeout=60_000)
                expect(page.locator("#running tbody")).to_have_text(_TEN_STEPS, timeout=600_000)
                _save(page.screenshot(), picture)
    if sweep.returncode:
        raise SystemExit(f"the sweep ended with status {sweep.returncode}")


def _save(screenshot: bytes, to: Path) -> None:
    """Reduces a picture to the colours that pages of text and lines need, which halves its size."""
    Image.open(BytesIO(screenshot)).quantize(COLOURS).save(to, optimize=True)


@contextmanager
def _chromium() -> Iterator[Browser]:
    program = which("chromium")
    if program is None:
        raise SystemExit("pictures: needs Chromium, which scripts/test-servers.sh installs")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
