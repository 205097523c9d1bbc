"""Writes a report to a folder or an object store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.reports.export import export
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.storage import PATIENCE_SECONDS, open_store


def export_to(
    sweep: ReportedSweep,
    formats: Sequence[str],
    to: str | None,
    *,
    link_seconds: float | None = None,
    patience: float = PATIENCE_SECONDS,
) -> list[str]:
    """Writes a sweep in each format, and returns where each file is: its path or address, or a link that expires.

    `to` is a path or an address of storage, by default `report` in the sweep's folder, where uploaded files are kept,
    too. `link_seconds` requests links that can be opened without credentials and are valid for that time.

    Raises:
        ConfigError: a format needs a library that is not installed.
        StoreError: the address is invalid, a file cannot be written, or the store fails or refuses; files written
            beside the sweep stay.
    """
    beside = sweep.folder.path / "report"
    store = open_store(beside if to is None else to, patience=patience)
    written = beside if store.is_remote else Path(store.address)
    files = export(sweep, formats, written)
    try:
        names = [path.relative_to(written).as_posix() for path in files]
        addresses = [store.put_file(path, name) for path, name in zip(files, names, strict=True)]
        return addresses if link_seconds is None else [store.link(name, seconds=link_seconds) for name in names]
    except StoreError as error:
        raise StoreError(f"{error}; the files are in {written}") from error
