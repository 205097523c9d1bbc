"""The choice of the device."""

from __future__ import annotations

import pytest
import torch

from morphogenetic_engine.engine.device import resolve_device, torch_threads
from morphogenetic_engine.errors import ConfigError


def test_auto_is_a_gpu_only_when_there_is_one() -> None:
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_missing_gpu_is_named() -> None:
    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(ConfigError, match=f"device: must exist on this machine .* but got '{missing}'"):
        resolve_device(missing)


def test_threads_are_as_before_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
