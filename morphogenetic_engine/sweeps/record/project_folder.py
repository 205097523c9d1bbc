"""The folder that a sweep's code and inputs are in now: its project may have been moved or copied since the start."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo


def project_folder(info: SweepInfo, folder: SweepFolder) -> Path:
    """Returns the folder in which the workload is imported and runs, and to which the paths of inputs are relative.

    It is the working directory of the sweep's start, as long as the sweep is still inside it. If the sweep was moved or
    copied with its project, it is the current directory, which has both the sweep and its sweep file.
    """
    first, here, sweep = Path(info.working_directory), Path.cwd(), folder.path.resolve()
    file = Path(info.config_path)
    if first.is_dir() and sweep.is_relative_to(first.resolve()):
        return first
    if sweep.is_relative_to(here) and not file.is_absolute() and (here / file).is_file():
        return here
    return start_folder(info)


def start_folder(info: SweepInfo) -> Path:
    """Returns the working directory of the sweep's start; the current directory where that is gone."""
    first = Path(info.working_directory)
    return first if first.is_dir() else Path.cwd()
