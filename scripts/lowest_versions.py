"""Prints pip constraints with the lowest version of each dependency that pyproject.toml allows.

    python3 scripts/lowest_versions.py >lowest.txt
    make test LOCK=lowest.txt EXTRAS=all,tests

Tools of the tests have no lower bound; they stay at the versions of requirements.lock.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN_NAME = "morphogenetic-engine"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LOWER_BOUND = re.compile(r">=\s*([0-9]+(?:\.[0-9]+)*)")


def main() -> None:
    """Prints the constraints of this repository."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    locked = locked_versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    print(*lowest_versions([line for group in groups for line in group], locked), sep="\n")


def locked_versions(text: str) -> dict[str, str]:
    """Returns the versions in a lock file by the names of their packages."""
    pins = (line.partition("==") for line in text.splitlines() if "==" in line)
    return {_canonical(name): version for name, _, version in pins}


def lowest_versions(dependencies: Iterable[str], locked: Mapping[str, str]) -> Iterator[str]:
    """Yields one constraint for each package: the lowest version that all of its bounds allow, else the locked one.

    Args:
        dependencies: requirements as in pyproject.toml; a package may come several times.
        locked: versions of the packages that have no lower bound.

    Raises:
        ValueError: a package has neither a lower bound nor a locked version.
    """
    bounds: dict[str, list[str]] = {}
    for line in dependencies:
        named = _NAME.match(line)
        if named is None:
            raise ValueError(f"pyproject.toml: {line!r}: must begin with the name of a package")
        bounds.setdefault(_canonical(named[0]), []).extend(_LOWER_BOUND.findall(line))
    bounds.pop(OWN_NAME, None)
    for name, versions in sorted(bounds.items()):
        if not versions and name not in locked:
            raise ValueError(f"pyproject.toml: {name}: must have a lower bound (>=) or a version in requirements.lock")
        yield f"{name}=={max(versions, key=_numbers) if versions else locked[name]}"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    main()
