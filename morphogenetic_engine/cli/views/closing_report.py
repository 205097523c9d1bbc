"""The report that a sweep leaves in its folder when it ends."""

# The report needs Jinja, which is an extra.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from rich.console import Console

from morphogenetic_engine.errors import error_line
from morphogenetic_engine.sweeps.record.folder import SweepFolder

_MISSING = "report: pip install 'morphogenetic-engine[reports]' for the HTML page of a sweep"


def write_closing_report(folder: SweepFolder, console: Console) -> None:
    """Writes report.html and prints its path; an error is printed as one line, because the trials are already saved."""
    try:
        from morphogenetic_engine.reports.formats.page_file import write_report

        line = f"report: {write_report(folder)}"
    except ModuleNotFoundError:
        line = _MISSING
    except Exception as error:  # pylint: disable=broad-exception-caught  # shown; a failed page must not fail the sweep
        line = f"warning: the report was not written: {error_line(error)}"
    console.print(line, highlight=False, markup=False, soft_wrap=True)
