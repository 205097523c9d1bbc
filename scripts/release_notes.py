"""Prints the notes of a release, its section of CHANGELOG.md, if the version may be released.

python3 scripts/release_notes.py v0.2.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## \[(?P<name>[^]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


class ReleaseError(Exception):
    """The version must not be released."""


def main() -> None:
    """Prints the notes for the tag in the arguments; exits with one line if there are none."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: release_notes.py TAG")
    version = package_version((ROOT / "morphogenetic_engine" / "__init__.py").read_text(encoding="utf-8"))
    try:
        print(release_notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), sys.argv[1], version))
    except ReleaseError as error:
        raise SystemExit(str(error)) from error


def package_version(source: str) -> str:
    """Returns `__version__` from the source of the package's `__init__.py`.

    Raises:
        ReleaseError: there is none.
    """
    found = _VERSION.search(source)
    if found is None:
        raise ReleaseError("morphogenetic_engine/__init__.py: has no __version__")
    return found[1]


def release_notes(changelog: str, tag: str, version: str) -> str:
    """Returns the changelog's section for a tag.

    Raises:
        ReleaseError: the tag is not the package's version, or the version has no dated section, or one without entries.
    """
    if tag != f"v{version}":
        raise ReleaseError(f"tag {tag}: must be v{version}, the version in morphogenetic_engine/__init__.py")
    headings = list(_HEADING.finditer(changelog))
    for place, heading in enumerate(headings):
        if heading["name"] == version:
            end = headings[place + 1].start() if place + 1 < len(headings) else len(changelog)
            notes = changelog[heading.end() : end].strip()
            if heading["date"] is None or not notes:
                raise ReleaseError(f"CHANGELOG.md: [{version}]: must have a date and at least one entry")
            return notes
    raise ReleaseError(f"CHANGELOG.md: has no section [{version}]; rename [Unreleased] to [{version}] - YYYY-MM-DD")


def released_versions(changelog: str) -> list[str]:
    """Returns the versions that have a section, the newest first."""
    return [heading["name"] for heading in _HEADING.finditer(changelog) if heading["name"] != "Unreleased"]


if __name__ == "__main__":
    main()
