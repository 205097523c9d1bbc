"""The registry of sections: their order, their numbers, and sections of installed packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.registry import Registry
from morphogenetic_engine.reports.section import Chapter, Report, ReportOptions, Section
from morphogenetic_engine.reports.sections.all_sections import SECTIONS, all_sections
from morphogenetic_engine.reports.summary import SweepSummary, summarize
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.reports.sample_sweeps import SWEEPS, some_trials
from tests.reports.sweeps import sweep
from tests.waiting import DEADLINE_SECONDS

FROZEN = Path(__file__).parents[2] / "frozen" / "summaries"
EXAMPLE = '''
from dataclasses import dataclass

from rich.text import Text

from morphogenetic_engine.reports.section import Chapter, NotebookCell, PagePart, Section, TerminalPart


@dataclass(frozen=True)
class Seconds:
    """The seconds that the trials took."""

    longest: float
    trials: int


class SecondsSection(Section[Seconds]):
    name = "seconds"
    chapter = Chapter.RUN

    def compute(self, report):
        seconds = [trial.duration for trial in report.result.trials]
        return Seconds(max(seconds, default=0.0), len(seconds))

    def page(self, numbers, report, *, printed):
        return [PagePart("seconds.html", {"numbers": numbers, "note": "<script>"}, package="seconds_report")]

    def terminal(self, numbers, report, view):
        return [TerminalPart("Seconds", Text(f"{numbers.trials} trials were timed"))]

    def notebook(self, numbers, report):
        return [NotebookCell("Seconds", "print(summary.to_dict()['seconds'])")]


SECONDS = SecondsSection()
'''


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a process in which a package with a section of its own is installed."""
    site = tmp_path / "site"
    package, metadata = site / "seconds_report", site / "seconds_report-1.0.dist-info"
    (package / "templates").mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").write_text(EXAMPLE, encoding="utf-8")
    (package / "templates" / "seconds.html").write_text(
        "<p>{{ numbers.trials }} trials were timed {{ note }}</p>", encoding="utf-8"
    )
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: seconds-report\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(
        "[morphogenetic_engine.sections]\nseconds = seconds_report:SECONDS\n", encoding="utf-8"
    )
    paths = [str(site), str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def report(folder: SweepFolder, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "morphogenetic_engine.cli.reports", *arguments]
    given = ["--sweep-id", folder.path.name, "--results", str(folder.path.parent)]
    done = subprocess.run(
        [*command, *given], env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_section_of_an_installed_package_is_on_the_page_in_the_terminal_the_json_and_the_notebook(
    start: StartSweep, installed: dict[str, str]
) -> None:
    folder = start("""
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 4}
""")
    run_sweep(folder)
    assert "Seconds\n  4 trials were timed" in report(folder, installed, "summary")
    assert json.loads(report(folder, installed, "summary", "--json"))["seconds"]["trials"] == 4
    page, notebook = report(folder, installed, "export", "--format", "html", "--format", "ipynb").split()
    assert "<p>4 trials were timed &lt;script&gt;</p>" in Path(page).read_text(encoding="utf-8")
    cells = nbformat.reads(Path(notebook).read_text(encoding="utf-8"), as_version=4)["cells"]
    assert "print(summary.to_dict()['seconds'])" in [each["source"] for each in cells]


@pytest.mark.parametrize("name", ["several objectives", "confirmed and replicated"])
def test_the_json_of_a_summary_has_the_keys_and_values_of_before(name: str) -> None:
    frozen = json.loads((FROZEN / f"{name.replace(' ', '_')}.json").read_text(encoding="utf-8"))
    found = json.loads(json.dumps(summarize(SWEEPS[name](), methods=("PED-ANOVA",)).to_dict()))
    assert _same(found, frozen)


def test_each_section_has_the_name_that_the_registry_gives_it() -> None:
    assert [each.name for each in all_sections()] == list(SECTIONS.names)


def test_chapters_that_sections_name_follow_each_other_in_the_order_of_the_page() -> None:
    chapters = list(dict.fromkeys(each.chapter for each in all_sections()))
    assert chapters == list(Chapter)


def test_the_numbers_of_a_section_are_computed_once() -> None:
    class Counting(Section[object]):
        """Counts how often its numbers are computed."""

        name = "counting"
        computed = 0

        def compute(self, report: Report) -> int:
            self.computed += 1
            return self.computed

    section = Counting()
    summary = SweepSummary(sweep(some_trials(3)), ReportOptions(methods=()), [section])
    assert (summary.of(section), summary.to_dict()["counting"], section.computed) == (1, 1, 1)


def test_an_object_that_is_no_section_is_refused_with_its_place() -> None:
    registry = Registry("section", "tests.none", {"mine": "json:dumps"})
    with pytest.raises(ConfigError, match=r"section 'mine' \(json:dumps\): must be of type Section"):
        registry.load("mine", Section)


def _same(found: object, frozen: object) -> bool:
    """Compares JSON values: keys may be new, and the last digits of floats may differ between versions of NumPy."""
    if isinstance(found, dict) and isinstance(frozen, dict):
        return found.keys() >= frozen.keys() and all(_same(found[name], frozen[name]) for name in frozen)
    if isinstance(found, list) and isinstance(frozen, list):
        return _all_same(found, frozen)
    if isinstance(found, float) and isinstance(frozen, int | float):
        return found == pytest.approx(frozen, rel=1e-9, abs=1e-12)
    return found == frozen


def _all_same(found: Sequence[object], frozen: Sequence[object]) -> bool:
    return len(found) == len(frozen) and all(_same(one, other) for one, other in zip(found, frozen, strict=True))
