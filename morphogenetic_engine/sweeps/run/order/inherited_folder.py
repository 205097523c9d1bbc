"""Gives a trial the files of another one, from which it goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.trial import PARENT_FILE

OWN_FILES = (".reports.jsonl", "output.txt")
"""Files that tell of the trial itself."""
_of_the_trial_itself = shutil.ignore_patterns(*OWN_FILES)


def inherit_folder(parent: Path, child: Path) -> None:
    """Replaces the folder of a trial by a copy of its parent's; a copy that was cut short is made again.

    Raises:
        SweepError: the parent's folder is not there.
        StoreError: the copy cannot be written.
    """
    if not parent.is_dir():
        raise SweepError(f"{parent}: is not there, and trial {child.name} goes on from its files")
    fresh = child.with_name(f".{child.name}.new")
    try:
        for place in (fresh, child):
            if place.exists():
                shutil.rmtree(place)
        shutil.copytree(parent, fresh, symlinks=True, ignore=_of_the_trial_itself)
        (fresh / PARENT_FILE).write_text(parent.name, encoding="utf-8")
        fresh.rename(child)
    except (OSError, shutil.Error) as error:
        raise StoreError(f"{child}: the files of {parent} cannot be copied to it: {error}") from error
