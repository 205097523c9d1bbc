"""What a run of a pipeline keeps in an object store, under names that follow from the run: its sweep and its report.

Kubeflow Pipelines keeps the outputs of a task only when it succeeds. The sweep of a task that was killed goes on from
here, and the report of one that failed is made from here.

<storage>/sweeps/<run_id>/...               the folder of the sweep
<storage>/reports/<run_id>/index.html       the report
<storage>/reports/<run_id>/evaluation.json  the evaluation of the best trial's model
"""

from __future__ import annotations

import re
from pathlib import Path

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.record.folder import SweepFolder

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class KeptRun:
    """The part of an object store that belongs to one run."""

    def __init__(self, storage: str, run_id: str) -> None:
        """Name the place; nothing is asked of it yet.

        Raises:
            ConfigError: the run's id is no plain name.
            StoreError: the address is none, or credentials are missing.
        """
        if _RUN_ID.fullmatch(run_id) is None:
            raise ConfigError(f"run_id: must be letters, digits, '_', '.' and '-', but got {run_id[:120]!r}")
        self._store = open_store(storage)
        self._sweep = f"sweeps/{run_id}"
        self._report = f"reports/{run_id}"
        self._sent: dict[str, tuple[int, int]] = {}

    @property
    def sweep_address(self) -> str:
        """Where the sweep's folder is kept."""
        return self._store.address_of(self._sweep)

    def fetch_sweep(self, folder: SweepFolder) -> bool:
        """Bring the sweep's folder here as it was kept last; tell whether there was any.

        Raises:
            StoreError: the store cannot be read, or the folder not be written.
        """
        kept = [each.name for each in self._store.list(self._sweep)]
        for name in kept:
            target = folder.path / name.removeprefix(f"{self._sweep}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._store.get_file(name, target)
        return bool(kept)

    def keep_sweep(self, folder: SweepFolder) -> None:
        """Send what has changed in the sweep's folder since the last time.

        The journal is as it was before the others were sent: what it says is there, is there.

        Raises:
            StoreError: the store cannot be written, or the folder not be read.
        """
        journal = folder.journal.read_bytes() if folder.journal.exists() else None
        for path in sorted(each for each in folder.path.rglob("*") if each.is_file()):
            name = path.relative_to(folder.path).as_posix()
            if path != folder.journal and not _is_passing(path):
                self._send(path, f"{self._sweep}/{name}")
        if journal is not None:
            self._store.put_bytes(journal, f"{self._sweep}/{folder.journal.name}")

    def keep_report(self, page: bytes) -> str:
        """Send the report and return its address.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._store.put_bytes(page, f"{self._report}/index.html", content_type="text/html; charset=utf-8")

    def keep_evaluation(self, evaluation: Path) -> str:
        """Send what the component `evaluate` found, to stand beside the report, and return its address.

        Raises:
            StoreError: the store cannot be written, or the file not be read.
        """
        return self._store.put_file(evaluation, f"{self._report}/evaluation.json")

    def _send(self, path: Path, name: str) -> None:
        try:
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size)
            if self._sent.get(name) == version:
                return
        except FileNotFoundError:
            return  # a trial may clear its folder up
        self._store.put_file(path, name)
        self._sent[name] = version


def _is_passing(path: Path) -> bool:
    """Tell a file that only matters while a process runs: a lock, or half of a file."""
    return path.suffix == ".lock" or path.name.startswith(".") or path.suffix == ".tmp"
