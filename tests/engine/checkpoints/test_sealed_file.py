"""A sealed file is read back as it was written, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.engine.checkpoints import sealed_file
from morphogenetic_engine.engine.checkpoints.sealed_file import read_sealed, write_sealed
from morphogenetic_engine.errors import StoreError

CONTENT = {"weights": torch.arange(6.0), "step": 3, "names": ["a", "b"], "pair": (1.5, None)}


def test_content_comes_back_as_it_was(tmp_path: Path) -> None:
    write_sealed(tmp_path / "file.pt", "thing", CONTENT)
    content = read_sealed(tmp_path / "file.pt", "thing")
    assert torch.equal(content.pop("weights"), torch.arange(6.0))
    assert content == {"step": 3, "names": ["a", "b"], "pair": (1.5, None)}


def test_torch_reads_the_file_too(tmp_path: Path) -> None:
    write_sealed(tmp_path / "file.pt", "thing", CONTENT)
    assert torch.load(tmp_path / "file.pt", weights_only=True)["content"]["step"] == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "file.pt"
    write_sealed(path, "thing", CONTENT)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(StoreError, match="file.pt: is damaged"):
        read_sealed(path, "thing")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "file.pt"
    write_sealed(path, "thing", CONTENT)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(StoreError, match="file.pt: is damaged"):
        read_sealed(path, "thing")


def test_another_kind_is_refused(tmp_path: Path) -> None:
    write_sealed(tmp_path / "file.pt", "model", CONTENT)
    with pytest.raises(StoreError, match="file.pt: must be a thing, but is a model"):
        read_sealed(tmp_path / "file.pt", "thing")


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sealed_file, "FORMAT", 2)
        write_sealed(tmp_path / "file.pt", "thing", CONTENT)
    with pytest.raises(StoreError, match="format must be 1, but got 2"):
        read_sealed(tmp_path / "file.pt", "thing")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing.pt: cannot be read"):
        read_sealed(tmp_path / "missing.pt", "thing")


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    write_sealed(path, "thing", {"step": 1})
    (tmp_path / "file.pt.tmp").mkdir()
    with pytest.raises(StoreError, match="file.pt: cannot be written"):
        write_sealed(path, "thing", {"step": 2})
    assert read_sealed(path, "thing")["step"] == 1


def test_nothing_but_the_file_stays(tmp_path: Path) -> None:
    write_sealed(tmp_path / "file.pt", "thing", CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]
