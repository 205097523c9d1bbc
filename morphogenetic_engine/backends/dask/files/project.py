"""Chooses the files of a project that a sweep's workload needs on other machines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload

MOST_BYTES = 100 * 1000 * 1000
"""The largest size of a project, without the inputs that its sweep file names."""
_KEY = "execution.dask.files"
_SKIPPED = {"__pycache__", "node_modules"}
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


@dataclass(frozen=True)
class Project:
    """The files that go to the workers."""

    folder: Path
    names: Sequence[str]
    """Relative to the folder."""
    size: int
    """Bytes."""

    @property
    def description(self) -> str:
        """The files in words."""
        if not self.names:
            return "no files"
        count = len(self.names)
        return f"{count} file{'s' * (count > 1)} of {self.folder} ({_amount(self.size)})"


def project_of(config: SweepConfig, folder: Path, results: Path) -> Project:
    """Returns the files of a folder that the workload of a sweep needs; `results` is left out.

    Raises:
        ConfigError: they are too large, one of them lies outside of the folder, or there is no such file.
    """
    given = config.experiment.inputs
    inputs = {name: _inside(path, folder, f"experiment.inputs.{name}") for name, path in given.items()}
    files = sorted(set(_chosen(config, folder, results)) - set(inputs.values()))
    sizes = {name: (folder / name).stat().st_size for name in files}
    if sum(sizes.values()) > MOST_BYTES:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        shown = ", ".join(f"{name} ({_amount(sizes[name])})" for name in largest)
        raise ConfigError(
            f"{_KEY}: the files of {folder} are {_amount(sum(sizes.values()))}, and at most {_amount(MOST_BYTES)} are"
            f" sent to the workers; the largest are {shown}. Name what the workload needs: files: [train.py, lib];"
            " data belongs into experiment.inputs"
        )
    sizes |= {name: (folder / name).stat().st_size for name in inputs.values()}
    return Project(folder, sorted(sizes), sum(sizes.values()))


def _chosen(config: SweepConfig, folder: Path, results: Path) -> Iterable[str]:
    named = config.execution.dask.files
    if named is not None:
        return _named(named, folder)
    workload = config.workload
    if isinstance(workload, FunctionWorkload):
        if workload.source is not None or not _is_here(workload.module, folder):
            return ()  # it is in the sweep file, or installed
    else:
        for word in workload.command:
            if isinstance(word, str) and Path(word).is_absolute() and Path(word).is_relative_to(folder):
                relative = Path(word).relative_to(folder)
                raise ConfigError(
                    f"experiment.{workload.key}: {word}: workers have a copy of {folder} in another place;"
                    f" write {relative}"
                )
    found = _of_git(folder)
    return (name for name in (_all(folder) if found is None else found) if _is_sent(name, folder, results))


def _named(patterns: Sequence[str], folder: Path) -> Iterator[str]:
    """Yields the files that the sweep file names: files, folders, and patterns."""
    for pattern in patterns:
        try:
            found = [] if Path(pattern).is_absolute() else sorted(folder.glob(pattern))
        except ValueError as error:
            raise ConfigError(f"{_KEY}: {pattern}: {error}") from error
        if not found:
            raise ConfigError(f"{_KEY}: {pattern}: there is no such file in {folder}")
        for path in found:
            below = sorted(path.rglob("*")) if path.is_dir() else [path]
            for each in below:
                if each.is_file() and not _SKIPPED.intersection(each.parts):
                    yield _inside(str(each.relative_to(folder)), folder, _KEY)


def _inside(path: str, folder: Path, key: str) -> str:
    """Returns the name of a file inside the folder.

    Raises:
        ConfigError: it lies elsewhere, or its path is absolute.
    """
    if Path(path).is_absolute() or not (folder / path).resolve().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"{key}: {path}: is sent to the workers with the folder {folder}, and must lie in it, with a path relative"
            " to it; or put the sweep into a folder that all machines share, without execution.dask.storage"
        )
    return Path(path).as_posix()


def _is_here(module: str, folder: Path) -> bool:
    """Returns whether a module is imported from the folder, rather than from an installed package."""
    return PathFinder.find_spec(module.partition(".")[0], [str(folder)]) is not None


def _of_git(folder: Path) -> list[str] | None:
    """Returns the files of a work tree that git does not ignore; None: it is none, or there is no git."""
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    command = ["git", "-C", str(folder), *listing]
    try:
        found = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    if found.returncode != 0:
        return None
    return [name for name in found.stdout.decode(errors="surrogateescape").split("\0") if name]


def _all(folder: Path) -> Iterator[str]:
    """Yields the files of a folder; hidden ones, caches and virtual environments are not entered."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir() and not path.is_symlink():
            if not (path / _VIRTUAL_ENVIRONMENT).exists():
                yield from (f"{path.name}/{name}" for name in _all(path))
        else:
            yield path.name


def _is_sent(name: str, folder: Path, results: Path) -> bool:
    """Returns whether a file goes to the workers: hidden ones may hold credentials, links may lead elsewhere."""
    path, parts = folder / name, Path(name).parts
    if any(part.startswith(".") for part in parts) or _is_result(path, folder / parts[0], results):
        return False
    return path.is_file() and path.resolve().is_relative_to(folder.resolve())


def _is_result(path: Path, first: Path, results: Path) -> bool:
    """Returns whether a file belongs to a sweep; `first` is the entry of the project that has it.

    Where sweeps are kept in the project's folder itself, each of them is an entry of it.
    """
    return (first / "sweep.json").is_file() if results == first.parent else path.is_relative_to(results)


def _amount(size: int) -> str:
    """Returns a number of bytes in words."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:.3g} {unit}"
    return f"{size} bytes"
