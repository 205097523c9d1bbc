"""Fixtures of all tests: a working directory with the toy workloads, and sweeps that run there."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from morphogenetic_engine.sweeps.config_file import ConfigFile, read_config
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.start import start_sweep

# A busy machine is slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

WriteConfig = Callable[[str], ConfigFile]
StartSweep = Callable[[str], SweepFolder]


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_reaches_children() -> None:
    """Lets children hear Ctrl-C: what a shell starts in its background ignores it, and so do all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh current directory that holds toy.py."""
    shutil.copy(Path(__file__).with_name("toy.py"), tmp_path / "toy.py")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write_config(workplace: Path) -> WriteConfig:
    """Writes a sweep file into the working directory and reads it."""

    def write(text: str) -> ConfigFile:
        path = workplace / "sweep.yaml"
        path.write_text(text, encoding="utf-8")
        return read_config(path.relative_to(workplace))

    return write


@pytest.fixture
def start(write_config: WriteConfig) -> StartSweep:
    """Makes the folder of a sweep from the text of its file."""
    return lambda text: start_sweep(write_config(text), results=Path("results"))
