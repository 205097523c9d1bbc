"""A section of an installed package that fails costs only itself: every surface names it and shows the rest."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from morphogenetic_engine.cli.views.summary_view import print_summary
from morphogenetic_engine.reports.formats.notebook_file import write_notebook
from morphogenetic_engine.reports.page.cell import summary_cell
from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.section import Report, ReportOptions, Section
from morphogenetic_engine.reports.sections.all_sections import SECTIONS, all_sections
from morphogenetic_engine.reports.summary import ReportedSweep, SweepSummary, summarize
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.reports.sample_sweeps import some_trials
from tests.reports.sweeps import sweep

BROKEN = """
from types import SimpleNamespace

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.section import Chapter, PagePart, Section, TerminalPart

WHERE = "{where}"
if WHERE == "import":
    1 / 0


class Body:
    def __rich__(self):
        raise OSError("no ink")


class Churn(Section):
    name, chapter = "other" if WHERE == "name" else "churn", Chapter.PROGRESS

    def compute(self, report):
        if WHERE == "compute":
            1 / 0
        return {{1, 2}} if WHERE == "json" else 3

    def page(self, numbers, report, *, printed):
        if WHERE == "page":
            1 / 0
        return [PagePart("gone.html", {{}})] if WHERE == "template" else []

    def figures(self, numbers, report):
        if WHERE == "figures":
            1 / 0
        return [Figure("churn", "Churn", "", (SimpleNamespace(width=100),))] if WHERE == "drawing" else []

    def terminal(self, numbers, report, view):
        if WHERE == "terminal":
            1 / 0
        return [TerminalPart("Churn", Body())] if WHERE == "body" else []

    def notebook(self, numbers, report):
        return 1 / 0 if WHERE == "notebook" else []


CHURN = Churn()
"""
EVERYWHERE = frozenset({"page", "cell", "terminal", "notebook", "json"})


@pytest.fixture(name="where", params=["compute"])
def _where(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Installs the package churn-report, whose section fails in the place that is the parameter."""
    metadata = tmp_path / "churn_report-1.0.dist-info"
    metadata.mkdir()
    (tmp_path / "churn_report.py").write_text(BROKEN.format(where=request.param), encoding="ascii")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: churn-report\nVersion: 1.0\n", encoding="ascii")
    points = "[morphogenetic_engine.sections]\nchurn = churn_report:CHURN\n"
    (metadata / "entry_points.txt").write_text(points, encoding="ascii")
    monkeypatch.syspath_prepend(tmp_path)
    _forget_installed()
    yield request.param
    _forget_installed()


def _forget_installed() -> None:
    all_sections.cache_clear()
    vars(SECTIONS).pop("_installed", None)
    sys.modules.pop("churn_report", None)


def _surfaces(tmp_path: Path) -> dict[str, str]:
    """Returns each surface of the report of a sweep as text, each from a summary of its own."""
    result = sweep(some_trials(3))
    summaries = {name: summarize(result, methods=()) for name in EVERYWHERE}
    printed = io.StringIO()
    print_summary(Console(file=printed, width=200), summaries["terminal"], (), "Best configurations", "finished")
    reported = ReportedSweep(SweepFolder(tmp_path))
    vars(reported).update(result=result, summary=summaries["notebook"])
    [notebook] = write_notebook(reported, tmp_path)
    cells = nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)["cells"]
    return {
        "page": page(result, summaries["page"]),
        "cell": summary_cell(result, summaries["cell"], "finished"),
        "terminal": printed.getvalue(),
        "notebook": "\n".join(each["source"] for each in cells),
        "json": json.dumps(summaries["json"].to_dict()),
    }


@pytest.mark.parametrize(
    ("where", "surfaces", "reason"),
    [
        ("import", EVERYWHERE, "section 'churn' (churn_report:CHURN): cannot be loaded: ZeroDivisionError: division"),
        ("name", EVERYWHERE, "section 'churn': its name must be that of its entry point, but is 'other'"),
        ("compute", EVERYWHERE, "ZeroDivisionError: division by zero (churn_report.py:22)"),
        ("page", {"page"}, "ZeroDivisionError: division by zero (churn_report.py:27)"),
        ("template", {"page"}, "TemplateNotFound: gone.html"),
        ("figures", {"page", "cell", "notebook"}, "ZeroDivisionError: division by zero (churn_report.py:32)"),
        ("drawing", {"page", "cell", "notebook"}, "AttributeError: "),
        ("terminal", {"terminal"}, "ZeroDivisionError: division by zero (churn_report.py:37)"),
        ("body", {"terminal"}, "OSError: no ink (churn_report.py:14)"),
        ("notebook", {"notebook"}, "ZeroDivisionError: division by zero (churn_report.py:41)"),
        ("json", {"json"}, "TypeError: Type is not JSON serializable: set"),
    ],
    indirect=["where"],
)
def test_a_section_that_fails_is_named_where_it_would_be_shown(
    where: str, surfaces: frozenset[str], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = f"the section churn of the package churn-report failed: {reason}"
    with caplog.at_level(logging.WARNING):
        shown = _surfaces(tmp_path)
    unescaped = {name: text.replace("&#39;", "'") for name, text in shown.items()}
    assert {name for name, text in unescaped.items() if line in text} == surfaces, where
    assert "Best configurations" in shown["page"] and "val_acc" in shown["terminal"]
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == len(surfaces), "each report says it once"
    assert all(each.startswith(f"warning: {line}") for each in warnings)


@pytest.mark.usefixtures("where")
def test_the_page_has_the_sections_name_as_a_heading_and_the_json_a_line(tmp_path: Path) -> None:
    shown = _surfaces(tmp_path)
    assert '<h3>churn</h3>\n<p class="empty">the section churn of the package churn-report failed' in shown["page"]
    assert "\n\nchurn\n  the section churn of" in shown["terminal"]
    assert "## churn\n\nthe section churn of" in shown["notebook"]
    assert json.loads(shown["json"])["churn"].keys() == {"failed"}


def test_an_error_in_a_section_of_this_package_is_not_hidden() -> None:
    class Wrong(Section[object]):
        """Has a bug."""

        name = "best"

        def compute(self, report: Report) -> object:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        SweepSummary(sweep(some_trials(3)), ReportOptions(methods=()), [Wrong()])
