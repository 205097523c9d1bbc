"""The documentation of each version on the branch that is served, from a repository with a remote of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GIT = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.org"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with one page of documentation; its remote is remote.git beside it."""
    subprocess.run([*GIT, "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    place = tmp_path / "checkout"
    (place / "scripts").mkdir(parents=True)
    (place / "docs").mkdir()
    shutil.copy(ROOT / "scripts/publish-docs.sh", place / "scripts")
    (place / ".venv").symlink_to(ROOT / ".venv")
    (place / "mkdocs.yml").write_text("site_name: Toy\ntheme: {name: null, custom_dir: theme}\n", encoding="utf-8")
    (place / "theme").mkdir()
    (place / "theme/main.html").write_text("<h1>{{ page.title }}</h1>{{ page.content }}", encoding="utf-8")
    git(place, "init", "--quiet", "--initial-branch", "main")
    git(place, "remote", "add", "origin", str(tmp_path / "remote.git"))
    return place


def git(place: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=place, check=True, capture_output=True, text=True).stdout


def release(place: Path, tag: str) -> None:
    """Writes the tag on the page, tag it, and publish the documentation from a checkout that has no gh-pages."""
    (place / "docs/index.md").write_text(f"# Of {tag}\n", encoding="utf-8")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", tag)
    git(place, "tag", tag)
    names = {f"GIT_{who}_{what}": "tester@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    ran = subprocess.run(
        ["scripts/publish-docs.sh", tag],
        cwd=place,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    git(place, "branch", "--quiet", "-D", "gh-pages")


def page(place: Path, path: str) -> str:
    return git(place.parent / "remote.git", "show", f"gh-pages:{path}")


def test_each_minor_version_has_a_folder_and_latest_is_the_newest(repository: Path) -> None:
    release(repository, "v0.1.0")
    release(repository, "v0.2.0")
    release(repository, "v0.1.1")
    assert "Of v0.1.1" in page(repository, "0.1/index.html")
    assert "Of v0.2.0" in page(repository, "0.2/index.html")
    assert page(repository, "latest") == "0.2"  # a symbolic link
    assert "latest" in page(repository, "index.html")
    versions = {each["version"]: each["aliases"] for each in json.loads(page(repository, "versions.json"))}
    assert versions == {"0.2": ["latest"], "0.1": []}
