"""The termination message of a step, and whether a retry could succeed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError, WorkloadError
from morphogenetic_engine.steps import ending
from morphogenetic_engine.steps.ending import FINAL, StepFailed, step

KEEPER = """
import os, signal, sys
from morphogenetic_engine.steps.ending import step

@step("keeper")
def keep():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    finally:
        print("kept", flush=True)

keep()
"""


@pytest.fixture
def termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "termination-log"
    path.touch()
    monkeypatch.setattr(ending, "TERMINATION_LOG", path)
    return path


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (ConfigError("no"), True),
        (WorkloadError("no"), True),
        (StepFailed("no"), True),
        (StoreError("no"), False),
    ],
)
def test_the_container_says_whether_another_attempt_would_end_in_the_same_way(
    termination_log: Path, error: MorphogeneticError, final: bool
) -> None:
    """Argo adds this text to the message that the retry expression of the workflow controller looks at."""

    @step("one")
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit, match=r"^one: no$"):
        fail()
    said = termination_log.read_text(encoding="utf-8")
    assert said.startswith("one: no") and (FINAL in said) is final


def test_an_exception_of_a_workload_is_named_too_and_passes(termination_log: Path) -> None:
    @step("train")
    def fail() -> None:
        raise ZeroDivisionError("no luck")

    with pytest.raises(ZeroDivisionError):
        fail()
    assert termination_log.read_text(encoding="utf-8") == "train: ZeroDivisionError: no luck"


def test_a_step_leaves_the_handling_of_signals_as_it_was() -> None:
    before = signal.getsignal(signal.SIGTERM)

    @step("one")
    def look() -> object:
        return signal.getsignal(signal.SIGTERM)

    assert look() != before and signal.getsignal(signal.SIGTERM) == before


def test_sigterm_ends_a_step_as_an_exception_does() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", KEEPER], capture_output=True, text=True, check=False, timeout=600, env=environment
    )
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "kept\n"), done.stderr
