"""The files of a sweep that are kept with its run: the configuration, the trial table, the model of the best trial."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.local_file import leads_out
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.schema.credentials import redacted


@dataclass(frozen=True)
class Artifact:
    """A file or a folder, and its destination."""

    source: Path
    folder: str
    """The folder of the run's artifacts; "" for the top."""
    digest: str
    """Changes whenever the content does."""
    text: str | None = None
    """Sent instead of the file's own content if that holds credentials."""

    @property
    def name(self) -> str:
        return f"{self.folder}/{self.source.name}" if self.folder else self.source.name


def artifacts_of(folder: SweepFolder, addresses: Sequence[str], *, ended: bool, best: int | None) -> list[Artifact]:
    """Returns the files to keep; trial table and models of the best trial once the sweep has ended.

    A model is `model*` in the trial's folder, or in those of its replicates. `addresses` are those that the
    configuration names; their credentials stay here.

    Raises:
        StoreError: a file cannot be read.
    """
    try:
        found = [_described(path, addresses) for path in (folder.config, folder.info)]
        if ended and folder.table.exists():
            found.append(_whole(folder.table, "", by_content=True))
        if ended and best is not None:
            home = folder.trial(best)
            for path in sorted([*home.glob("model*"), *home.glob("replicate_*/model*")]):
                if leads_out(path, folder.path):
                    continue  # files outside of the folder are not sent
                place = Path(f"best_trial_{best}") / path.parent.relative_to(home)
                found.append(_whole(path, place.as_posix(), by_content=False))
    except OSError as error:
        raise StoreError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return found


def _described(path: Path, addresses: Sequence[str]) -> Artifact:
    text = redacted(path.read_text(encoding="utf-8"), *addresses)
    return Artifact(path, "", hashlib.sha256(text.encode()).hexdigest(), text)


def _whole(path: Path, folder: str, *, by_content: bool) -> Artifact:
    """Returns an artifact; without `by_content`, its digest covers only names, sizes and times."""
    if by_content:
        return Artifact(path, folder, hashlib.sha256(path.read_bytes()).hexdigest())
    marks = [f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in _files(path)]
    return Artifact(path, folder, hashlib.sha256("\n".join(marks).encode()).hexdigest())


def _files(path: Path) -> Iterator[Path]:
    return (file for file in sorted(path.rglob("*")) if file.is_file()) if path.is_dir() else iter([path])
