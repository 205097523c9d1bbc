"""Decides whether the code that a sweep folder names may be imported into this process."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.project_folder import start_folder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.workload.workload_kinds import ProgramWorkload

_OWN = "morphogenetic_engine"


def check_trusted(info: SweepInfo) -> None:
    """Checks that a sweep's workload is code of this package or of the directory in which the command is started.

    Raises:
        SweepError: the folder may come from somebody else, and would run code of its choice here.
    """
    workload = info.config.workload
    if isinstance(workload, ProgramWorkload) or workload.module.partition(".")[0] == _OWN:
        return
    if workload.source is not None:
        whence = "its own folder"
    elif (start := start_folder(info)).resolve() != Path.cwd().resolve():
        whence = str(start)
    else:
        return
    raise SweepError(
        f"sweep {info.sweep_id}: its workload {workload.description} would be imported from {whence}; if you trust"
        " who made this folder, say so with --trust"
    )
