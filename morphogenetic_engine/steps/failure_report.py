"""The component `failure_report`: after a failure, a report of what there is. It succeeds in showing failures."""

from __future__ import annotations

import tempfile
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.reports.formats.reported_sweep import ReportedSweep
from morphogenetic_engine.reports.page.page import page as render
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept_run import KeptRun
from morphogenetic_engine.steps.run_page import ending_section, run_page
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole


@step("failure_report")
def failure_report(state: str, error: str, *, page: str, run_id: str, storage: str) -> str:
    """Write the page of a run that has ended; where it failed, also as its report. Return the report's address, or "".

    Raises:
        SystemExit: the page cannot be written, or the store does not take it; with the reason in one line.
    """
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not storage or state == "SUCCEEDED":
        write_whole(target, run_page(run_id, state=state, error=error, storage=storage, kept=False).encode())
        return ""
    run = KeptRun(storage, run_id)
    with tempfile.TemporaryDirectory(prefix="sweep-") as place:
        folder = SweepFolder(Path(place) / run_id)
        kept = run.fetch_sweep(folder)
        # first what cannot fail, then what is said of the sweep: there is a report whatever happens
        write_whole(target, run_page(run_id, state=state, error=error, storage=storage, kept=kept).encode())
        address = run.keep_report(target.read_bytes())
        if kept and _whole_page(folder, target, state=state, error=error, storage=storage):
            run.keep_report(target.read_bytes())
    return address


def _whole_page(folder: SweepFolder, target: Path, *, state: str, error: str, storage: str) -> bool:
    """Write the page of the sweep; where its files are damaged, the plain page stays."""
    try:
        swept = ReportedSweep(folder)
        ending = ending_section(state=state, error=error, storage=storage)
        write_whole(target, render(swept.result, swept.summary, more=[ending]).encode())
    except MorphogeneticError as damage:
        say(f"the kept sweep cannot be read: {damage}")
        return False
    return True
