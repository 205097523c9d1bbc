"""The layout of the package: every folder is described, none is too full, and ARCHITECTURE.md names what exists."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "morphogenetic_engine"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MOST_ENTRIES = 18
MOST_LINES = 350

SAME_MEANING = {
    "checkpoint",
    "comparison",
    "correlation",
    "cost",
    "distribution",
    "edges",
    "ensemble",
    "evaluation",
    "failures",
    "findings",
    "folder",
    "importance",
    "interactions",
    "learning_curves",
    "objective_trend",
    "overtuning",
    "pairs",
    "parallel",
    "pareto",
    "registry",
    "repair",
    "reproduction",
    "rungs",
    "search_space",
    "slices",
    "start",
    "sync_state",
    "timeline",
    "training",
    "trial",
    "trial_table",
    "verdict",
}
"""Basenames that stand in several packages because they mean the same thing there."""


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).exists()]


def folders() -> list[Path]:
    return sorted({file.parent for file in tracked("morphogenetic_engine/*.py")})


def named_folders() -> set[str]:
    return set(re.findall(r"^\| `(morphogenetic_engine/[\w/]*)` \|", TEXT, flags=re.MULTILINE))


def test_architecture_names_every_folder_of_the_package_and_no_other() -> None:
    assert named_folders() == {f"{folder.relative_to(ROOT)}/" for folder in folders()}


def test_each_row_of_what_to_add_touches_two_files_at_most_besides_the_new_one() -> None:
    rows = re.findall(r"^\| an? .*?\|(.*)\|(.*)\|$", TEXT.partition("## I want to add")[2], flags=re.MULTILINE)
    assert len(rows) == 13
    assert all(1 <= len(re.findall(r"`[\w/]+\.\w+`", touched)) <= 2 for _, touched in rows)


def test_architecture_names_only_paths_that_exist() -> None:
    named = re.findall(r"`((?:morphogenetic_engine|components|pipelines|tests|docs|scripts|manifests)/[\w./]*)`", TEXT)
    assert not [path for path in named if not (ROOT / path).exists()]


def test_no_folder_of_the_tests_is_a_hall() -> None:
    counts = Counter(file.parent for file in tracked("tests", "benchmarks") if file.suffix == ".py")
    assert not {folder: count for folder, count in counts.items() if count > MOST_ENTRIES}


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_is_a_room_and_says_what_it_is_for(folder: Path) -> None:
    entries = {file.relative_to(folder).parts[0] for file in tracked(str(folder))} - {"py.typed"}
    assert len(entries) <= MOST_ENTRIES, sorted(entries)
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))


def test_no_file_of_the_package_is_long() -> None:
    lengths = {
        file: len(file.read_text(encoding="utf-8").splitlines())
        for file in tracked("morphogenetic_engine/*.py", "tests/*.py")
    }
    assert not {str(file.relative_to(ROOT)): length for file, length in lengths.items() if length > MOST_LINES}


def test_a_basename_stands_twice_only_where_it_means_the_same() -> None:
    places = defaultdict(list)
    for file in tracked("morphogenetic_engine/*.py"):
        if not file.stem.startswith("__"):
            places[file.stem].append(str(file.relative_to(ROOT)))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not {name: found for name, found in twice.items() if name not in SAME_MEANING}
    assert not SAME_MEANING - twice.keys()
