"""The behaviour that all stores share."""

from __future__ import annotations

import os
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import Store, open_store
from tests.waiting import DEADLINE_SECONDS

NAMES = ["report.html", "a b/ü/é 😀.html", "100%.html", "a%20b&c=d+e?", "<b>\"q'.html", ".hidden", "x" * 200]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_put_is_read_back(store: Store, name: str) -> None:
    address = store.put_bytes(b"<p>", name)
    assert store.read_bytes(name) == b"<p>"
    assert store.exists(name)
    assert address == store.address_of(name) == f"{store.address}/{name}"
    assert [(file.name, file.size) for file in store.list()] == [(name, 3)]


def test_a_file_comes_back_as_it_went(store: Store, tmp_path: Path) -> None:
    content = os.urandom(20_000_001)  # three parts
    (tmp_path / "source").write_bytes(content)
    store.put_file(tmp_path / "source", "large")
    store.get_file("large", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    assert (tmp_path / "source").read_bytes() == content


def test_an_empty_file_comes_back(store: Store, tmp_path: Path) -> None:
    (tmp_path / "source").touch()
    store.put_file(tmp_path / "source", "empty")
    store.get_file("empty", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == store.read_bytes("empty") == b""


def test_a_second_put_replaces_the_first(store: Store) -> None:
    store.put_bytes(b"old and longer", "file")
    store.put_bytes(b"new", "file")
    assert store.read_bytes("file") == b"new"
    assert [file.name for file in store.list()] == ["file"]


def test_list_is_of_a_folder_and_all_in_it(store: Store) -> None:
    for name in ("sweeps/2/b", "sweeps/10/a", "sweeps/1", "sweeps-of-others/1"):
        store.put_bytes(b"x", name)
    files = store.list("sweeps")
    assert [file.name for file in files] == ["sweeps/1", "sweeps/10/a", "sweeps/2/b"]
    assert all(abs(file.modified - datetime.now(UTC)) < timedelta(minutes=5) for file in files)
    assert not store.list("nothing/here")


def test_a_missing_file_is_named(store: Store, tmp_path: Path) -> None:
    assert not store.exists("none.html")
    for read in (store.read_bytes, lambda name: store.get_file(name, tmp_path / "kept")):
        (tmp_path / "kept").write_text("mine", encoding="ascii")
        with pytest.raises(StoreError, match=r"none\.html: cannot be read: .*[Nn]o such file") as caught:
            read("none.html")
        assert "\n" not in str(caught.value)
    assert (tmp_path / "kept").read_text(encoding="ascii") == "mine"


def test_a_missing_source_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no source: cannot be .*No such file"):
        store.put_file(tmp_path / "no source", "target")
    assert not store.list()


@pytest.mark.parametrize("name", ["", "/", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", "./a", "a\0b"])
def test_names_stay_in_the_store(store: Store, name: str) -> None:
    for call in (store.read_bytes, store.exists, store.address_of, store.link):
        with pytest.raises(StoreError, match="name in a store"):
            call(name)
    with pytest.raises(StoreError, match="name in a store"):
        store.put_bytes(b"x", name)


def test_a_link_downloads(store: Store) -> None:
    store.put_bytes("<p>ü".encode(), "a b/report ü.html")
    with urllib.request.urlopen(store.link("a b/report ü.html", seconds=60), timeout=DEADLINE_SECONDS) as answer:
        assert answer.read().decode() == "<p>ü"
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="ascii")
    with pytest.raises(StoreError, match="cannot be written: "):
        open_store(tmp_path / "file").put_bytes(b"x", "name")
    assert (tmp_path / "file").read_text(encoding="ascii") == "mine"


def test_putting_a_file_onto_itself_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="ascii")
    open_store(tmp_path).put_file(tmp_path / "file", "file")
    assert (tmp_path / "file").read_text(encoding="ascii") == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    store.put_bytes(b"old", "file")
    (tmp_path / "full").symlink_to("/dev/full")
    monkeypatch.setattr(Path, "with_name", lambda path, _: path.parent / "full")
    with pytest.raises(StoreError, match="file: cannot be written: No space left"):
        store.put_bytes(b"new", "file")
    assert store.read_bytes("file") == b"old"
