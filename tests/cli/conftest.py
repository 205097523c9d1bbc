"""The command line, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from morphogenetic_engine.cli.main import morphogenetic, run


@dataclass(frozen=True)
class Ran:
    """The exit status and output of a command."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `morphogenetic ...` and returns its exit status and what it printed."""

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        status = run(morphogenetic, arguments)
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return call
