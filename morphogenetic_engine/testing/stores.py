"""The conformance suite of stores.

    class TestShelf(StoreTests):
        def open(self, place):
            return open_store(f"shelf://{place}")

checks the behaviour that reports, trials and pipelines rely on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import Store

NAMES = ("report.html", "a b/ü/é.html", "100%.html", "a%20b&c=d+e?", ".hidden", "trials/0/model.pt")
OUTSIDE = ("", "/etc/passwd", "../up", "a/../../up", "a//b", "a/")


class StoreTests(ABC):
    """The tests of a store. Override `open`."""

    @abstractmethod
    def open(self, place: Path) -> Store:
        """Opens an empty store; `place` is an empty folder with a unique name."""

    def test_a_file_is_read_back_under_its_name(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        for name in NAMES:
            address = store.put_bytes(name.encode(), name)
            assert address == store.address_of(name)
            assert store.exists(name) and store.read_bytes(name) == name.encode()
        assert [file.name for file in store.list()] == sorted(NAMES)
        assert all(file.size == len(file.name.encode()) for file in store.list())

    def test_a_large_file_comes_back_unchanged(self, tmp_path: Path) -> None:
        store, content = self.open(tmp_path), bytes(range(256)) * 80_000
        source, copy = tmp_path / "source", tmp_path / "copy"
        source.write_bytes(content)
        store.put_file(source, "large")
        store.get_file("large", copy)
        assert copy.read_bytes() == content == source.read_bytes()

    def test_a_second_put_replaces_the_file_as_a_whole(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        store.put_bytes(b"old and longer", "file")
        store.put_bytes(b"new", "file")
        assert store.read_bytes("file") == b"new" and [file.name for file in store.list()] == ["file"]

    def test_list_covers_a_folder_and_no_other_of_a_similar_name(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        for name in ("sweeps/2/b", "sweeps/1", "sweeps-of-others/1"):
            store.put_bytes(b"x", name)
        assert [file.name for file in store.list("sweeps")] == ["sweeps/1", "sweeps/2/b"]
        assert not store.list("nothing/here")

    def test_a_missing_file_is_a_store_error_in_one_line(self, tmp_path: Path) -> None:
        store, kept = self.open(tmp_path), tmp_path / "kept"
        kept.write_bytes(b"mine")
        assert not store.exists("none")
        assert "none" in _refusal(lambda: store.read_bytes("none"))
        assert "none" in _refusal(lambda: store.get_file("none", kept))
        assert kept.read_bytes() == b"mine"

    def test_a_missing_source_stores_nothing(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        assert "no source" in _refusal(lambda: store.put_file(tmp_path / "no source", "target"))
        assert not store.list()

    def test_names_do_not_lead_out_of_the_store(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        for name in OUTSIDE:
            _refusal(partial(store.put_bytes, b"x", name))
            _refusal(partial(store.read_bytes, name))
        assert not store.list()

    def test_two_handles_see_the_same_files(self, tmp_path: Path) -> None:
        self.open(tmp_path).put_bytes(b"x", "file")
        assert self.open(tmp_path).read_bytes("file") == b"x"


def _refusal(call: Callable[[], object]) -> str:
    """Returns the message of the StoreError that a call raises."""
    try:
        call()
    except StoreError as error:
        assert "\n" not in str(error)
        return str(error)
    raise AssertionError("no StoreError was raised")
