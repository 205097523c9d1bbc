"""Finds the modules of this process that worker processes can import too, and tells such a worker from its parent."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

_WORKER = "morphogenetic_engine.sweeps.run.workers.worker_process"


def unseen_by_workers(module: str) -> tuple[str, str] | None:
    """Returns what is wrong and what to do where a module lies beside a script that was started from elsewhere.

    Workers import from the current directory, PYTHONPATH and what is installed.
    """
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None)
    if script is None or file is None:
        return None
    place = Path(script).resolve().parent
    home = Path(file).resolve().parent
    if Path(file).name == "__init__.py":
        home = home.parent
    seen = [Path.cwd(), *(Path(each).resolve() for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each)]
    if home != place or place in seen:
        return None
    return (
        f"the module {top} is in {place}, where workers do not look",
        f"start Python in {place}, or put it on PYTHONPATH",
    )


def imported_by_a_worker() -> bool:
    """Returns whether the code that runs now is that of a module which a worker process imports."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    if getattr(main, "name", None) != _WORKER:
        return False
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") != "__main__":
            return True
        frame = frame.f_back
    return False
