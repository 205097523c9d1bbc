"""Repairs a damaged sweep folder: keeps what is whole, sets everything else aside, guesses nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig, identity_of
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import SessionStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_info, write_whole
from morphogenetic_engine.sweeps.record.journal import read_events, remedy
from morphogenetic_engine.sweeps.record.journal_file.lines import lines_of
from morphogenetic_engine.sweeps.record.journal_file.lock import note_owner, take_lock
from morphogenetic_engine.sweeps.record.journal_file.survey import Survey, survey
from morphogenetic_engine.sweeps.record.record_file import parse_record
from morphogenetic_engine.sweeps.record.sweep_info import SEAL, SweepInfo, read_sweep_info
from morphogenetic_engine.sweeps.schema.search_names import AUTO_SAMPLER

_SINK_STATES = ("tracking.json", "storage.json")
_MOST_LOOKAHEAD = 4096


@dataclass(frozen=True)
class Repair:
    """The result of a repair."""

    aside: Path | None = None
    """The folder that has everything that was replaced; None: nothing was damaged."""
    survey: Survey = Survey([], 0, [])
    info: str = ""
    """The repair of sweep.json."""
    table: bool = False
    """True if a table without its journal was set aside."""


def repair_sweep(folder: SweepFolder) -> Repair:
    """Repairs the journal and `sweep.json` of a sweep that nothing runs; the next resume runs what is not there.

    Raises:
        SweepError: a process runs the sweep, or nothing says for sure what `sweep.json` was.
        StoreError: a file cannot be read or written.
    """
    try:
        with ExitStack() as stack:
            content = _locked_content(folder.journal, stack)
            readable = _is_readable(folder.journal, content)
            found = survey(content)
            aside = _free_name(folder.path)
            repair = Repair()
            if found.damaged or found.lost or not readable:
                _set_aside(folder, aside, [folder.journal, folder.table, *map(folder.trial, found.lost)])
                _forget_sent(folder, aside)
                write_whole(folder.journal, b"".join(lines_of(found.kept)))
                repair = Repair(aside, found)
            mended = _mended_info(folder, found)
            if mended is not None:
                info, told = mended
                _set_aside(folder, aside, [folder.info])
                folder.write_info(info)
                repair = replace(repair, aside=aside, info=told)
            if not content and _has_rows(folder.table):
                _set_aside(folder, aside, [folder.table])
                folder.table.unlink()
                repair = replace(repair, aside=aside, table=True)
            return repair
    except OSError as error:
        raise StoreError(f"{error.filename or folder.path}: cannot be repaired: {error.strerror}") from error


def check_table(folder: SweepFolder) -> None:
    """Checks that a table which lists trials has the journal that it was made of, before it is written again.

    Raises:
        SweepError: the journal is gone or empty: the table is the last copy of its trials.
    """
    if (not folder.journal.exists() or not folder.journal.stat().st_size) and _has_rows(folder.table):
        raise SweepError(
            f"{folder.journal}: is gone or empty, but trials.csv lists trials: restore it from a backup;"
            f" {remedy(folder.path)}, sets trials.csv aside and has all trials run again"
        )


def _locked_content(journal: Path, stack: ExitStack) -> bytes:
    if not journal.exists():
        return b""
    file = os.open(journal, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    stack.callback(os.close, file)
    take_lock(file, journal)
    stack.callback(os.close, note_owner(journal))
    return journal.read_bytes()


def _is_readable(journal: Path, content: bytes) -> bool:
    if not content:
        return True
    try:
        for _ in read_events(journal):
            pass
    except SweepError as error:
        if "; upgrade" in str(error):
            raise
        return False
    return True


def _free_name(folder: Path) -> Path:
    number = 1
    while (aside := folder / f"before-repair-{number}").exists():
        number += 1
    return aside


def _set_aside(folder: SweepFolder, aside: Path, paths: Sequence[Path]) -> None:
    """Copies files, and moves the folders of trials that run again from their start."""
    for path in paths:
        target = aside / path.relative_to(folder.path)
        if path.is_symlink() or not path.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            path.rename(target)
        else:
            shutil.copyfile(path, target, follow_symlinks=False)


def _forget_sent(folder: SweepFolder, aside: Path) -> None:
    """Renames the state files of sinks, which count bytes of the old journal; the sinks look up what they have sent."""
    for name in _SINK_STATES:
        path = folder.path / name
        _set_aside(folder, aside, [path])
        path.unlink(missing_ok=True)


def _has_rows(table: Path) -> bool:
    return table.is_file() and table.read_bytes().count(b"\n") > 1


def _mended_info(folder: SweepFolder, found: Survey) -> tuple[SweepInfo, str] | None:
    """Returns what `sweep.json` has to be and what is known about it; None: it is whole."""
    identities = {event.identity for event in found.kept if isinstance(event, SessionStarted) and event.identity}
    try:
        info = read_sweep_info(folder.info)
        if not identities or identities <= info.identities:
            return None
    except (SweepError, StoreError) as error:
        if "; upgrade" in str(error):
            raise
    mended = _same_search(folder, identities) or _from_file(folder, identities)
    if mended is None:
        raise SweepError(
            f"{folder.info}: is damaged, and neither it nor config.yaml is surely the search that the journal records;"
            " restore it from a backup"
        )
    return mended


def _same_search(folder: SweepFolder, identities: set[str]) -> tuple[SweepInfo, str] | None:
    """Returns the damaged record if its search is proven: by the journal, or in an old sweep by its own identity."""
    try:
        content = SEAL.sub(b"\n}", folder.info.read_bytes())
        info = parse_record(folder.info, content, SweepInfo, newest=2)
        identity = identity_of(orjson.loads(content)["config"])
    except (SweepError, OSError, TypeError, KeyError, ValueError):
        return None
    if identity not in (identities or {info.identity}):
        return None
    info = info.model_copy(update={"identity": identity, "sweep_id": folder.sweep_id})
    return info, "its search is the one that was recorded; its other settings cannot be checked, look at them"


def _from_file(folder: SweepFolder, identities: set[str]) -> tuple[SweepInfo, str] | None:
    """Returns a record made of config.yaml, if the journal proves that it is the same search."""
    try:
        file = read_config(folder.config)
    except (ConfigError, StoreError):
        return None
    config = next((each for each in _settled(file.config) if each.identity in identities), None)
    if config is None:
        return None
    told = "made anew from config.yaml, whose search is the one of the journal; other settings are those of that file"
    return new_info(folder.sweep_id, config, str(folder.config), datetime.now().astimezone()), told


def _settled(config: SweepConfig) -> Iterator[SweepConfig]:
    """Yields the configuration with each lookahead that the machine may have given it.

    Sweeps of version 0.1 have no number of brackets and the first rules of the sampler `auto`.
    """
    given = config.optimization
    rules = {"auto_rules": given.auto_rules or 1} if given.sampler == AUTO_SAMPLER else {}
    for ahead in [given.lookahead] if given.lookahead else range(1, _MOST_LOOKAHEAD):
        settled = config.settled(ahead)
        yield settled
        if given.strategy is not None and given.halving.brackets == "auto":
            yield _changed(settled, {"halving": given.halving, **rules})
        if rules:
            yield _changed(settled, rules)


def _changed(config: SweepConfig, settings: Mapping[str, object]) -> SweepConfig:
    return config.model_copy(update={"optimization": config.optimization.model_copy(update=settings)})
