"""Writes what a worker process and its children print to the file of the trial that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from morphogenetic_engine.sweeps.run.workers.process_state import flush_streams


@contextmanager
def captured(output: str) -> Iterator[None]:
    """Writes what is printed to a file, which is removed at the end if it is empty."""
    before = os.dup(1), os.dup(2)
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    redirect(os.dup(file), 1)
    redirect(file, 2)
    try:
        yield
    finally:
        flush_streams()
        for saved, standard in zip(before, (1, 2), strict=True):
            redirect(saved, standard)
    with suppress(FileNotFoundError):  # the workload may have emptied its folder
        if not os.stat(output).st_size:
            os.unlink(output)


class OutputFile:
    """The output of one trial of a batch, which is written in turns with that of the others."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._before: tuple[int, int] | None = None

    def begin(self) -> None:
        """Directs what is printed to the file."""
        flush_streams()
        self._before = os.dup(1), os.dup(2)
        os.dup2(self._file, 1)
        os.dup2(self._file, 2)

    def end(self) -> None:
        """Directs it to where it went before."""
        flush_streams()
        for saved, standard in zip(self._before or (), (1, 2), strict=False):
            redirect(saved, standard)
        self._before = None

    def close(self) -> None:
        """Closes the file and removes it if it is empty."""
        os.close(self._file)
        with suppress(FileNotFoundError):
            if not os.stat(self._path).st_size:
                os.unlink(self._path)


def redirect(source: int, target: int) -> None:
    """Makes `target` an alias of `source`, and closes `source`."""
    os.dup2(source, target)
    os.close(source)
