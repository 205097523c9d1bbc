"""Files of this machine, written whole or not at all, and the errors of reading and writing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from morphogenetic_engine.errors import StoreError

_PREFIX = ".storing-"
_ENDING = ".part"


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yields a temporary path to write to; it replaces the target on success, and is deleted on an error.

    Raises:
        StoreError: it cannot be written; the old file stays.
    """
    part = target.with_name(f"{_PREFIX}{token_hex(8)}{_ENDING}")
    try:
        with one_line(target, "written"):
            yield part
            part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def one_line(path: Path, done: str) -> Iterator[None]:
    """Converts an OSError to a StoreError; `done` is the failed operation: "read", "written".

    Raises:
        StoreError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        named = Path(error.filename) if isinstance(error.filename, str) else path
        place = path if is_part(named.name) else named
        raise StoreError(f"{place}: cannot be {done}: {error.strerror or error}") from error


def leads_out(path: Path, folder: Path) -> bool:
    """Returns True if a path, or a file below it, is a link that leads out of a folder."""
    home = folder.resolve()
    below = path.rglob("*") if path.is_dir() else ()
    return any(each.is_symlink() and not each.resolve().is_relative_to(home) for each in (path, *below))


def is_part(name: str) -> bool:
    """Returns True for a temporary file that `written_whole` has not finished, or left when it was killed."""
    return name.startswith(_PREFIX) and name.endswith(_ENDING)
