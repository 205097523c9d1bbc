"""The files of a pipeline's run in an object store, under names that follow from the run: its sweep and its report.

Kubeflow Pipelines keeps the outputs of a task only if it succeeds. From this copy, the sweep of a killed task
continues, and the report of a failed one is made.

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
from morphogenetic_engine.sweeps.run.workers.report_file import FILE as REPORTS

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class KeptRun:
    """The part of an object store that belongs to one run."""

    def __init__(self, storage: str, run_id: str) -> None:
        """Opens the run's place; sends no request.

        Raises:
            ConfigError: the run's id is no plain name.
            StoreError: the address is invalid, or credentials are missing.
        """
        if _RUN_ID.fullmatch(run_id) is None:
            raise ConfigError(f"run_id: must be letters, digits, '_', '.' and '-', but got {run_id[:120]!r}")
        self._store = open_store(storage)
        self._sweep = f"sweeps/{run_id}"
        self._report = f"reports/{run_id}"
        self._sent: dict[str, tuple[int, int]] = {}

    @property
    def sweep_address(self) -> str:
        """The address of the kept sweep folder."""
        return self._store.address_of(self._sweep)

    def fetch_sweep(self, folder: SweepFolder) -> bool:
        """Downloads the last copy of the sweep's folder; returns True if there was one.

        Raises:
            StoreError: the store cannot be read, or the folder cannot be written.
        """
        kept = [each.name for each in self._store.list(self._sweep)]
        for name in kept:
            target = folder.path / name.removeprefix(f"{self._sweep}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._store.get_file(name, target)
        return bool(kept)

    def keep_sweep(self, folder: SweepFolder) -> None:
        """Uploads the files of the sweep's folder that changed since the last upload.

        The journal is read first and uploaded last, so every file that it refers to is in the store.

        Raises:
            StoreError: the store cannot be written, or the folder cannot be read.
        """
        journal = folder.journal.read_bytes() if folder.journal.exists() else None
        for path in sorted(each for each in folder.path.rglob("*") if each.is_file()):
            name = path.relative_to(folder.path).as_posix()
            if path != folder.journal and not _is_passing(path.relative_to(folder.path)):
                self._send(path, f"{self._sweep}/{name}")
        if journal is not None:
            self._store.put_bytes(journal, f"{self._sweep}/{folder.journal.name}")

    def keep_report(self, page: bytes) -> str:
        """Uploads the report and returns its address.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._store.put_bytes(page, f"{self._report}/index.html", content_type="text/html; charset=utf-8")

    def keep_evaluation(self, evaluation: Path) -> str:
        """Uploads the evaluation beside the report, and returns its address.

        Raises:
            StoreError: the store cannot be written, or the file cannot be read.
        """
        return self._store.put_file(evaluation, f"{self._report}/evaluation.json")

    def _send(self, path: Path, name: str) -> None:
        try:
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size)
            if self._sent.get(name) == version:
                return
        except FileNotFoundError:
            return  # a trial may delete files of its folder
        self._store.put_file(path, name)
        self._sent[name] = version


def _is_passing(path: Path) -> bool:
    """Returns True for a file that only matters while a process runs: a lock, a partly written file, a session's key.

    The reports that a trial keeps are hidden, and no such file: the next attempt sends those that the journal lacks.
    """
    is_hidden = any(part.startswith(".") for part in path.parts) and path.name != REPORTS
    return path.suffix in {".lock", ".tmp"} or is_hidden
