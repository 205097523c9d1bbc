"""The damage driver: changed bits and values of the wrong type in `journal.jsonl` and `sweep.json`.

    python -m tests.faults.damage --damages 1000 --seed 0

Whatever is changed, a sweep is read as it was, or is one line that says what is damaged. Values that are changed with
their checksums, as somebody who wants to do harm would, may be read as another sweep, but never end in a traceback.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import orjson

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.config import identity_of
from morphogenetic_engine.sweeps.overview import overviews
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.tables.trial_table import table_columns, table_row
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.faults.rounds import new_sweep_at

OTHERS: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**40,
    10**30,
    0.5,
    -0.0,
    1e300,
    "",
    "x",
    "9" * 400,
    [],
    [1],
    {},
    {"x": 1},
)
Damage = Callable[[SweepFolder, random.Random], None]


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yields the places of all values inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*place, key)
        yield from _places(each, (*place, key))


def _replaced(value: object, place: tuple[str | int, ...], other: object) -> object:
    key, *rest = place
    copy = dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
    assert isinstance(copy, dict | list)
    copy[key] = _replaced(copy[key], tuple(rest), other) if rest else other  # type: ignore[index]
    return copy


def _changed(members: dict[str, object], chance: random.Random) -> dict[str, object]:
    place = chance.choice(list(_places(members)))
    changed = _replaced(members, place, chance.choice(OTHERS))
    assert isinstance(changed, dict)
    return changed


def journal_bit(folder: SweepFolder, chance: random.Random) -> None:
    folder.journal.write_bytes(_flip(folder.journal.read_bytes(), chance))


def journal_value(folder: SweepFolder, chance: random.Random) -> None:
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    place = chance.randrange(len(lines))
    lines[place] = json.dumps(_changed(orjson.loads(lines[place]), chance), separators=(",", ":")).encode() + b"\n"
    folder.journal.write_bytes(b"".join(lines))


def journal_value_with_checksums(folder: SweepFolder, chance: random.Random) -> None:
    journal_value(folder, chance)
    state, sealed = 0, []
    for line in folder.journal.read_bytes().splitlines():
        members = json.loads(line)
        members.pop("check", None)
        body = json.dumps(members, separators=(",", ":")).encode()[:-1]
        state = crc32(body, state)
        sealed.append(b'%b,"check":"%08x"}\n' % (body, state))
    folder.journal.write_bytes(b"".join(sealed))


def info_bit(folder: SweepFolder, chance: random.Random) -> None:
    folder.info.write_bytes(_flip(folder.info.read_bytes(), chance))


def info_value(folder: SweepFolder, chance: random.Random) -> None:
    folder.info.write_text(json.dumps(_changed(orjson.loads(folder.info.read_bytes()), chance), indent=2))


def info_value_with_checksum(folder: SweepFolder, chance: random.Random) -> None:
    members = orjson.loads(folder.info.read_bytes())
    del members["check"]
    changed = _changed(members, chance)
    if isinstance(changed.get("config"), dict) and "identity" in changed:
        try:
            changed["identity"] = identity_of(changed["config"])  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
    body = json.dumps(changed, indent=2).encode().removesuffix(b"\n}")
    folder.info.write_bytes(body + b',\n  "check": "%08x"\n}\n' % crc32(body))


KINDS: dict[str, Damage] = {
    each.__name__.replace("_", " "): each
    for each in (
        journal_bit,
        journal_value,
        journal_value_with_checksums,
        info_bit,
        info_value,
        info_value_with_checksum,
    )
}


def table_of(folder: SweepFolder) -> list[list[str]]:
    """Returns the trial table as the journal says it is."""
    result = read_result(folder)
    columns = table_columns(result.config, result.trials)
    return [columns, *(table_row(trial, columns) for trial in result.trials)]


def problem_of(folder: SweepFolder, whole: list[list[str]], kind: str) -> str:
    """Returns what is wrong with how a damaged sweep is read; "" if nothing is."""
    try:
        overviews(folder.path.parent)
        table = table_of(folder)
        if "checksum" in kind:
            summarize(read_result(folder))
        elif table != whole:
            return "is read as another sweep without a word"
    except MorphogeneticError as error:
        return "" if len(str(error).splitlines()) == 1 else f"more than one line: {error}"
    except Exception:  # pylint: disable=broad-exception-caught  # what the driver looks for
        return traceback.format_exc()
    return ""


def finished_sweep(place: Path) -> SweepFolder:
    """Runs a sweep to its end in an empty folder, which becomes the current directory."""
    folder = new_sweep_at(place)
    run_sweep(folder)
    return folder


def damaged(folder: SweepFolder, place: Path, whole: list[list[str]], name: str) -> tuple[str, str]:
    """Damages a copy of a sweep; returns the kind of damage, and what was wrong with how it was read."""
    chance = random.Random(name)
    kind = chance.choice(list(KINDS))
    copy = SweepFolder(place / folder.sweep_id)
    shutil.rmtree(copy.path, ignore_errors=True)
    copy.path.mkdir(parents=True)
    for path in (folder.journal, folder.info, folder.config):
        shutil.copy(path, copy.path)
    KINDS[kind](copy, chance)
    return kind, problem_of(copy, whole, kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damages", type=int, default=1000)
    parser.add_argument("--seed", default="0")
    options = parser.parse_args()
    dealt, clean, home = Counter[str](), 0, Path.cwd()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        folder = finished_sweep(Path(one))
        whole = table_of(folder)
        for number in range(options.damages):
            kind, wrong = damaged(folder, Path(other), whole, f"{options.seed} {number}")
            dealt[kind] += 1
            clean += not wrong
            if wrong:
                print(f"damage {number} ({kind}): {wrong}", flush=True)
        os.chdir(home)
    for kind in KINDS:
        print(f"{dealt[kind]:5}  {kind}")
    print(f"{clean} of {options.damages} damages clean")


if __name__ == "__main__":
    main()
