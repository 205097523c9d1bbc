"""Folders as states: what is read and written elsewhere is the same folder, and nothing leads out of it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.dask.files.folder_reading import FolderReader, Limits
from morphogenetic_engine.backends.dask.files.folder_state import FolderState, folder_state, stays_inside
from morphogenetic_engine.backends.dask.files.folder_writing import write_folder
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store

NAMES = st.lists(st.sampled_from(["a", "b", "c d", "é", ".x"]), min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=60) | st.binary(min_size=100, max_size=300)


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes files; those whose place is a folder already, or lies below a file, are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if path.is_dir() or any(parent.is_file() for parent in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _read(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = (path.read_bytes(), path.stat().st_mode) if path.is_file() else "folder"
    return found


@given(files=st.dictionaries(NAMES, CONTENTS), before=st.dictionaries(NAMES, CONTENTS))
def test_a_folder_that_is_written_elsewhere_is_the_same(files: dict[str, bytes], before: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        source, target = _written(place / "source", files), _written(place / "target", before)
        store = SweepStore(open_store(place / "store"), "sweep")
        state, contents = FolderReader(source, Limits(50, 200)).read()
        store.put_contents(contents)
        sent = folder_state(state.to_json(), "here")
        assert sent == state
        write_folder(sent, FolderReader(target), store.fetch, gone=FolderReader(target).read()[0].names)
        assert {name: each for name, each in _read(target).items() if each != "folder"} == {
            name: each for name, each in _read(source).items() if each != "folder"
        }


def test_links_modes_and_empty_folders_are_kept(tmp_path: Path) -> None:
    source = _written(tmp_path / "source", {"run.sh": b"#!/bin/sh", "model/5": b"w"})
    (source / "run.sh").chmod(0o755)
    (source / "latest").symlink_to("model/5")
    (source / "plots").mkdir()
    state, _ = FolderReader(source).read()
    target = tmp_path / "target"
    write_folder(state, FolderReader(target), _unneeded)
    assert _read(target) == _read(source)


def test_a_link_out_of_the_folder_is_sent_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"1")
    source = _written(tmp_path / "source", {})
    (source / "data").symlink_to(tmp_path / "data")
    state, _ = FolderReader(source).read()
    assert not state.links and state.files["data"].content == b"1"


def test_files_that_did_not_change_are_read_once(tmp_path: Path) -> None:
    source = _written(tmp_path / "source", {"large": b"x" * 100})
    reader = FolderReader(source, Limits(10, 10), spool=tmp_path / "spool")
    first, contents = reader.read()
    assert [path.parent for path in contents.values()] == [tmp_path / "spool"]
    again, contents = reader.read()
    assert again == first and not contents
    (source / "large").write_bytes(b"y" * 100)
    changed, contents = reader.read()
    assert changed != first and len(contents) == 1


def test_only_files_that_were_sent_are_removed(tmp_path: Path) -> None:
    target = _written(tmp_path / "target", {"old": b"1", "journal.jsonl": b"2"})
    write_folder(FolderState(), FolderReader(target), _unneeded, gone=["old"])
    assert set(_read(target)) == {"journal.jsonl"}


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out", "", "a//b"])
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    text = json.dumps({"format": 1, "files": {name: [0o644, 0, "0", ""]}, "links": {}, "folders": []})
    with pytest.raises(StoreError, match="a name in a store must be parts"):
        folder_state(text.encode(), "here")


@pytest.mark.parametrize("target", ["/etc/passwd", "../out", "a/../../../out"])
def test_links_that_lead_out_of_the_folder_are_not_made(tmp_path: Path, target: str) -> None:
    assert not stays_inside("model/link", f"../{target}" if not target.startswith("/") else target)
    with pytest.raises(StoreError, match="leads out of its folder"):
        write_folder(FolderState(links={"link": target}), FolderReader(tmp_path / "folder"), _unneeded)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"format": 1, "files": [], "links": {}, "folders": []}'])
def test_a_damaged_state_is_told_with_its_address(text: bytes) -> None:
    with pytest.raises(StoreError, match="s3://bucket/0.json: is damaged"):
        folder_state(text, "s3://bucket/0.json")


def test_a_state_of_a_newer_version_is_told() -> None:
    with pytest.raises(StoreError, match="0.json: was written by a newer version"):
        folder_state(b'{"format": 2}', "0.json")


def test_a_content_that_was_changed_in_the_store_is_told(tmp_path: Path) -> None:
    source = _written(tmp_path / "source", {"large": b"x" * 100})
    store = SweepStore(open_store(tmp_path / "store"), "sweep")
    state, contents = FolderReader(source, Limits(10, 10)).read()
    store.put_contents(contents)
    (tmp_path / "store/sweep/contents" / state.files["large"].sha256).write_bytes(b"y")
    with pytest.raises(StoreError, match="is damaged: its content has another sha256"):
        write_folder(state, FolderReader(tmp_path / "target"), store.fetch)
    assert not (tmp_path / "target/large").exists()


def _unneeded(*_: object) -> None:
    raise AssertionError("the contents are in the state")
