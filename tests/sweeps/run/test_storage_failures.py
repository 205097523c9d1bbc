"""Files that cannot be written are the machine's failure, not the workload's: the session ends, and is resumed."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]
SWEEP = """
experiment: {workload: "toy:quadratic"}
parameters: {x: [0.1, 0.2, 0.3, 0.4]}
execution: {max_parallel: 2}
"""


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        (SWEEP, "1"),
        (SWEEP, "1/output.txt/"),
        (SWEEP.replace('quadratic"', 'quadratic", replicates: 2'), "1/replicate_1"),
    ],
)
def test_a_trial_folder_that_cannot_be_written_ends_the_session_and_is_resumed(
    start: Start, text: str, blocked: str
) -> None:
    calm, folder = start(text), start(text)
    run_sweep(calm)
    obstacle = folder.path / "trials" / blocked
    if blocked.endswith("/"):
        obstacle.mkdir(parents=True)
    else:
        obstacle.parent.mkdir(parents=True, exist_ok=True)
        obstacle.write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match=rf"trials/{blocked.rstrip('/')}: cannot be written: "):
        run_sweep(folder)
    result = read_result(folder)
    assert result.outcome is Outcome.ABORTED
    assert result.counts[TrialState.FAILED] == 0
    assert result.trials[1].state is TrialState.INTERRUPTED
    if blocked.endswith("/"):
        obstacle.rmdir()
    else:
        obstacle.unlink()
    assert run_sweep(folder) is Outcome.FINISHED
    assert steady_rows(folder) == steady_rows(calm)


def test_a_limit_of_open_files_is_one_line_that_says_how_many_workers_it_allows(start: Start) -> None:
    folder = start(SWEEP.replace("max_parallel: 2", "max_parallel: 4"))

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

    command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", "resume", "--sweep-id", folder.sweep_id]
    ran = subprocess.run(
        [*command, "--results", str(folder.path.parent)],
        preexec_fn=few_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    [line] = ran.stderr.splitlines()
    assert line.startswith("sweep: worker ") and "the limit of 24 open files (ulimit -n) allows " in line
    assert read_result(folder).outcome is Outcome.ABORTED


def test_a_table_that_cannot_be_closed_ends_the_session_with_one_line(start: Start) -> None:
    folder = start(SWEEP)
    folder.table.mkdir()
    with pytest.raises(StoreError, match="trials.csv: cannot be written: "):
        run_sweep(folder)
    assert read_result(folder).outcome is Outcome.ABORTED
