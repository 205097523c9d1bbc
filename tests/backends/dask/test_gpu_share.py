"""Several workers of one machine: each has GPUs of its own where there are enough."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.dask.gpu_share import GpuShare, share_at, share_of, use_share

_COUNTS = st.integers(1, 16)


@given(_COUNTS, _COUNTS)
def test_all_gpus_are_used_and_as_evenly_as_can_be(gpus: int, workers: int) -> None:
    shares = [GpuShare(place, workers).devices(gpus) for place in range(workers)]
    users = [sum(device in share for share in shares) for device in range(gpus)]
    assert min(users) >= min(1, workers // gpus or 1) and max(users) - min(users) <= 1
    assert all(shares)
    if workers <= gpus:
        assert users == [1] * gpus


def test_a_host_that_stands_twice_has_two_shares_and_one_that_stands_once_has_all() -> None:
    hosts = ["gpu1", "gpu2", "gpu2"]
    assert [share_at(hosts, number) for number in range(4)] == [None, GpuShare(0, 2), GpuShare(1, 2), None]


@given(_COUNTS, _COUNTS)
def test_a_share_goes_through_its_option(place: int, workers: int) -> None:
    assert share_of(GpuShare(place, workers).option) == GpuShare(place, workers)


def test_the_environment_says_which_gpus_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    use_share(GpuShare(1, 2), tmp_path)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "7", "what the user says stands"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    use_share(GpuShare(1, 2), tmp_path / "a machine without GPUs")
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # restored at the end of the test
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    use_share(GpuShare(1, 2), tmp_path)
    assert os.environ.pop("CUDA_VISIBLE_DEVICES") == "1,3"
