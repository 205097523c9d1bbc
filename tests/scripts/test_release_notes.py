"""Versions that may be released, their notes, and whether CHANGELOG.md matches the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine import __version__
from scripts.release_notes import ReleaseError, package_version, release_notes, released_versions

ROOT = Path(__file__).parents[2]
CHANGELOG = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added
- Something.

### Fixed
- Something else.

## [0.1.0] - 2026-11-01
- The first.
"""


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_the_notes_are_the_section_of_the_version() -> None:
    assert release_notes(CHANGELOG, "v0.2.0", "0.2.0") == "### Added\n- Something.\n\n### Fixed\n- Something else."
    assert release_notes(CHANGELOG, "v0.1.0", "0.1.0") == "- The first."


@pytest.mark.parametrize(
    ("tag", "version", "message"),
    [
        ("v0.3.0", "0.2.0", r"tag v0\.3\.0: must be v0\.2\.0, the version in morphogenetic_engine/__init__\.py"),
        ("0.2.0", "0.2.0", r"tag 0\.2\.0: must be v0\.2\.0"),
        ("v0.3.0", "0.3.0", r"has no section \[0\.3\.0\]; rename \[Unreleased\] to \[0\.3\.0\] - YYYY-MM-DD"),
        ("v0.4.0", "0.4.0", r"\[0\.4\.0\]: must have a date and at least one entry"),
        ("v0.5.0", "0.5.0", r"\[0\.5\.0\]: must have a date and at least one entry"),
    ],
)
def test_a_version_that_is_not_ready_is_refused(tag: str, version: str, message: str) -> None:
    unfinished = CHANGELOG + "\n## [0.4.0]\n- No date.\n\n## [0.5.0] - 2026-12-24\n\n"
    with pytest.raises(ReleaseError, match=message):
        release_notes(unfinished, tag, version)


def test_the_version_of_the_package_is_read_without_importing_it() -> None:
    source = (ROOT / "morphogenetic_engine" / "__init__.py").read_text(encoding="utf-8")
    assert package_version(source) == __version__
    with pytest.raises(ReleaseError, match="has no __version__"):
        package_version("version = 1")


def test_the_changelog_has_each_release_once_and_none_is_newer_than_the_package() -> None:
    versions = released_versions((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    in_order = sorted(set(versions), key=numbers, reverse=True)
    assert versions == in_order
    assert all(numbers(version) <= numbers(__version__) for version in versions)


def test_the_script_ends_with_one_line_where_a_version_is_not_ready() -> None:
    ran = subprocess.run(
        [sys.executable, "scripts/release_notes.py", "v999.0.0"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("tag v999.0.0: must be v") and ran.stderr.count("\n") == 1
