"""The folder of a sweep: the paths of its files, and its record `sweep.json`.

results/sweeps/<sweep_id>/
    config.yaml     the sweep file as given
    sweep.json      the resolved configuration, its identity, versions, git commit
    journal.jsonl   the history (journal.lock: who writes it)
    trials.csv      the trial table
    katib.json      the numbers of Katib's Trials, in a sweep that ran on Katib
    replicates.csv  each replicate of each trial, in sweeps that have replicates
    report.html     what was found, as one page
    code/           the module of a workload that the configuration holds as source; workers import it
    search.log      tracebacks of errors in a sampler or pruner, where there were any
    trials/<n>/     each trial's own folder
    confirmations/<n>/<k>/  that of trial n's configuration, run once more with fresh seed k
    ensemble/       several of the trials' models that predict together
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from morphogenetic_engine.errors import StoreError, SweepError, did_you_mean
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from morphogenetic_engine.sweeps.record.machine import this_machine
from morphogenetic_engine.sweeps.record.origin import LEGACY_FILE, read_legacy_origin
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo, read_sweep_info, sweep_info_text

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SWEEP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
CODE_FOLDER = "code"
_FILES = frozenset(
    {
        CODE_FOLDER,
        "config.yaml",
        "sweep.json",
        "journal.jsonl",
        "journal.lock",
        "trials.csv",
        "replicates.csv",
        "report.html",
        "trials",
        "workers.log",
        "search.log",
        "monitor.log",
        "tracking.log",
        "storage.log",
        "storage.json",
        "storage.lock",
        LEGACY_FILE,
    }
)
MLFLOW_RUN = "MLFLOW_RUN_ID"
"""The environment variable with the id of the run that `mlflow run` has opened."""
_PACKAGES = ("morphogenetic-engine", "numpy", "scipy", "torch", "scikit-learn")


@dataclass(frozen=True)
class SweepFolder:
    """The paths of one sweep."""

    path: Path

    @property
    def sweep_id(self) -> str:
        return self.path.name or self.path.resolve().name  # "" is that of Path(".")

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def info(self) -> Path:
        return self.path / "sweep.json"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def table(self) -> Path:
        return self.path / "trials.csv"

    @property
    def replicates(self) -> Path:
        return self.path / "replicates.csv"

    @property
    def workers_log(self) -> Path:
        return self.path / "workers.log"

    @property
    def search_log(self) -> Path:
        return self.path / "search.log"

    def trial(self, number: int) -> Path:
        return self.path / "trials" / str(number)

    @property
    def ensemble(self) -> Path:
        return self.path / "ensemble" / "ensemble.json"

    def confirmation(self, number: int, index: int) -> Path:
        return self.path / "confirmations" / str(number) / str(index)

    def read_info(self) -> SweepInfo:
        """Reads `sweep.json`; the origin of a sweep that an earlier version collected is read from `katib.json`.

        Raises:
            SweepError: it is damaged or of a newer format.
            StoreError: it cannot be read.
        """
        info = read_sweep_info(self.info)
        origin = info.origin or read_legacy_origin(self.path)
        return info.model_copy(
            update={"origin": origin, "sweep_id": self.sweep_id}
        )  # the folder may be renamed, a copy

    def write_info(self, info: SweepInfo) -> None:
        """Replaces `sweep.json` as a whole; a new one may be read by those who may read `config.yaml`."""
        like = self.info if self.info.exists() else self.config
        write_whole(self.info, sweep_info_text(info), like=like)


def new_sweep(
    results: Path,
    sweep_id: str | None,
    file: ConfigFile,
    config: SweepConfig,
    *,
    rule: str | None = None,
    trials: int | None = None,
) -> SweepFolder:
    """Makes the folder of a new sweep; `sweep.json` is written last, so a folder that has one is whole.

    Raises:
        SweepError: the id is no plain name, or taken.
        ConfigError: an input is missing.
        StoreError: the folder cannot be written, or an input cannot be read.
    """
    now = datetime.now().astimezone()
    inputs = read_inputs(config.experiment.inputs, Path.cwd(), str(file.path))
    try:
        results.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(results, sweep_id, now)
        write_whole(folder.config, file.text.encode(), like=file.path)
        (folder.path / "trials").mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{error.filename or results}: cannot be written: {error.strerror}") from error
    info = new_info(folder.sweep_id, config, str(file.path), now)
    folder.write_info(info.model_copy(update={"rule": rule, "trials": trials, "inputs": inputs}))
    return folder


def new_info(sweep_id: str, config: SweepConfig, config_path: str, created: datetime) -> SweepInfo:
    """Returns the record of a sweep that begins here and now, in this working directory."""
    return SweepInfo(
        sweep_id=sweep_id,
        created=created.isoformat(timespec="seconds"),
        config=config,
        identity=config.identity,
        config_path=config_path,
        working_directory=os.getcwd(),
        python=platform.python_version(),
        versions=_versions(),
        git_commit=_git_commit(),
        machine=this_machine(),
        mlflow_run=os.environ.get(MLFLOW_RUN) or None,
    )


def set_aside(folder: SweepFolder) -> SweepFolder:
    """Gives a sweep that nobody runs another id, made of its own and of when it was made; returns its folder.

    Raises:
        StoreError: it cannot be moved.
    """
    info = folder.read_info()
    made = datetime.fromisoformat(info.created).strftime("%Y%m%d_%H%M%S")
    stem, number = f"{folder.sweep_id[:80]}-{made}", 1
    while (aside := folder.path.with_name(stem if number == 1 else f"{stem}_{number}")).exists():
        number += 1
    try:
        folder.path.rename(aside)
    except OSError as error:
        raise StoreError(f"{folder.path}: cannot be moved to {aside.name}: {error.strerror}") from error
    moved = SweepFolder(aside)
    moved.write_info(info.model_copy(update={"sweep_id": aside.name}))
    return moved


def find_sweep(results: Path, sweep_id: str) -> SweepFolder:
    """Returns the folder of a sweep that exists.

    Raises:
        SweepError: there is none of this id.
    """
    folder = sweep_folder(results, sweep_id)
    if not folder.info.is_file():
        known = [each.sweep_id for each in all_sweeps(results)]
        hint = did_you_mean(sweep_id, known) or ("" if known else "; there is no sweep yet")
        raise SweepError(f"{results}: has no sweep {sweep_id!r}{hint}")
    return folder


def sweep_folder(results: Path, sweep_id: str) -> SweepFolder:
    """Returns the place of a sweep, which need not exist.

    Raises:
        SweepError: the id is no plain name: it could lead out of the results folder.
    """
    _check_id(sweep_id)
    return SweepFolder(results / sweep_id)


def existing_folder(results: Path, sweep_id: str) -> SweepFolder:
    """Returns the folder of a sweep even if `sweep.json` is missing or damaged.

    Raises:
        SweepError: there is no folder of this id, or it is not a sweep's.
    """
    folder = sweep_folder(results, sweep_id)
    if not any(path.is_file() for path in (folder.journal, folder.info, folder.config)):
        return find_sweep(results, sweep_id)
    return folder


def all_sweeps(results: Path) -> list[SweepFolder]:
    """Returns the sweeps of a results folder, sorted by id (and so, by default, by time)."""
    return [SweepFolder(file.parent) for file in sorted(results.glob("*/sweep.json"))]


def write_whole(path: Path, content: bytes, *, like: Path | None = None) -> None:
    """Replaces a file so that a reader, or a power cut, finds the old content or the new, never a part.

    The file keeps its mode, or takes that of the file `like`.

    Raises:
        StoreError: it cannot be written; the old file stays.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with suppress(FileNotFoundError):
            part.unlink()  # left by a killed process; or a link, which is not followed
        mode = _mode_of(like or path)
        with os.fdopen(os.open(part, _NEW_FILE, 0o666 if mode is None else mode), "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _mode_of(path: Path) -> int | None:
    """Returns the permissions of a file, with those of its owner added. None: there is no such file."""
    try:
        return path.stat().st_mode & 0o666 | 0o600
    except OSError:
        return None


def _check_id(sweep_id: str) -> None:
    if _SWEEP_ID.fullmatch(sweep_id) is None:
        raise SweepError(f"sweep id: must be letters, digits, '_', '.' and '-' (100 at most), but got {sweep_id!r}")


def _new_folder(results: Path, sweep_id: str | None, now: datetime) -> SweepFolder:
    return _timed(results, now.strftime("%Y%m%d_%H%M%S")) if sweep_id is None else _named(results, sweep_id)


def _named(results: Path, sweep_id: str) -> SweepFolder:
    folder = sweep_folder(results, sweep_id)
    try:
        folder.path.mkdir()
    except FileExistsError as error:
        if not _is_unused(folder):
            hint = f"resume it with `sweep resume --sweep-id {sweep_id}`"
            raise SweepError(f"{folder.path}: exists; {hint}") from error
        folder.journal.unlink(missing_ok=True)
    return folder


def _is_unused(folder: SweepFolder) -> bool:
    """Returns whether a folder belongs to a sweep that never began a trial, after an error or with a full disk."""
    foreign = {path.name for path in folder.path.iterdir()} - _FILES
    trials = folder.path / "trials"
    if foreign or is_locked(folder.journal) or (trials.exists() and any(trials.iterdir())):
        return False
    return not folder.journal.exists() or b'"event":"trial_started"' not in folder.journal.read_bytes()


def _timed(results: Path, stem: str) -> SweepFolder:
    """Returns the folder named after the time; a second sweep of the same second gets _2, and so on."""
    number = 1
    while True:
        path = results / (stem if number == 1 else f"{stem}_{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return SweepFolder(path)


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # an extra that this machine does without
    return found


def _git_commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
