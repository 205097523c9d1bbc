"""Compares the wall time of a sweep whose trials only wait with the ideal, including start and end."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure

_WORKLOAD = "import time\ndef train(params, trial): time.sleep(1); return {'val_acc': params['x']}\n"
_SWEEP = """
experiment: {workload: "wait:train"}
parameters: {x: {type: int, low: 1, high: 200, points: 200}}
execution: {max_parallel: 8}
"""


def figures() -> list[Figure]:
    """Runs 200 trials of one second on 8 workers from the command line; the ideal is 25 s."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        (place / "wait.py").write_text(_WORKLOAD, encoding="utf-8")
        (place / "sweep.yaml").write_text(_SWEEP, encoding="utf-8")
        command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", "run", "--config", "sweep.yaml"]
        begun = time.perf_counter()
        subprocess.run(command, cwd=place, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - begun
    return [Figure("200 trials of 1 s, 8 workers", seconds, "s", 26.5)]
