"""The component `failure_report`: after a failure, a report of what there is. It succeeds in showing failures."""

from __future__ import annotations

import tempfile
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept_run import KeptRun
from morphogenetic_engine.steps.run_page import run_page
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.results import SweepResult, read_result


@step("failure_report")
def failure_report(state: str, error: str, *, page: str, run_id: str, storage: str) -> str:
    """Write the page of a run that has ended; where it failed, also as its report. Return the report's address, or "".

    Raises:
        SystemExit: the page cannot be written, or the store does not take it; with the reason in one line.
    """
    run = KeptRun(storage, run_id) if storage else None
    failed = state != "SUCCEEDED"
    result = _kept(run, run_id) if run and failed else None
    content = run_page(run_id, state=state, error=error, storage=storage, result=result).encode()
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)
    return run.keep_report(content) if run and failed else ""


def _kept(run: KeptRun, run_id: str) -> SweepResult | None:
    """Return the sweep as far as it was kept; what is wrong with it does not keep the rest from being reported."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as place:
        folder = SweepFolder(Path(place) / run_id)
        try:
            return read_result(folder) if run.fetch_sweep(folder) else None
        except MorphogeneticError as error:
            say(f"the kept sweep cannot be read: {error}")
            return None
