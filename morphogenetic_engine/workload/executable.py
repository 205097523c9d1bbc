"""Says why a program cannot be started, where the operating system's own message does not help."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_FIRST_BYTES = 256


def fault_of(program: str) -> str | None:
    """Returns why a program cannot be started; None: nothing speaks against it."""
    found = shutil.which(program)
    if found is not None:
        return _fault_of_first_line(Path(found), program)
    path = Path(program)
    if program.startswith("~"):
        return f"no shell replaces the ~ of {program}: write {os.path.expanduser(program)}"
    if os.sep not in program:
        if path.is_file():
            return f"{program!r} is a file of {os.getcwd()}, not a program of PATH: write ./{program}"
        return f"there is no program {program!r} (looked in {os.getcwd()} and PATH)"
    if path.is_dir():
        return f"{program} is a folder"
    if not path.exists():
        return f"there is no program {program!r} (looked in {os.getcwd()} and PATH)"
    return f"{program} is not executable: chmod +x {program}, or put its interpreter before it ([python3, {program}])"


def is_script(program: str) -> bool:
    """Returns whether a program is a file of text."""
    found = shutil.which(program)
    try:
        return found is not None and b"\0" not in Path(found).read_bytes()[:_FIRST_BYTES]
    except OSError:
        return False


def _fault_of_first_line(path: Path, program: str) -> str | None:
    """Returns what is wrong with the line of a script that names its interpreter."""
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST_BYTES)
    except OSError:
        return None  # a program may be run without the right to read it
    line, newline, _ = start.partition(b"\n")
    if not line.startswith(b"#!") or not newline:
        return None
    shown = line.decode(errors="replace").rstrip("\r")
    if line.endswith(b"\r"):
        return (
            f"the first line of {program} ({shown}) has a Windows line ending: sed -i 's/\\r$//' {program} removes them"
        )
    interpreter = shown[2:].split(maxsplit=1)[0] if shown[2:].split() else ""
    if not interpreter:
        return f"the first line of {program} ({shown}) names no interpreter"
    if not os.path.exists(interpreter):
        return f"the first line of {program} ({shown}) names an interpreter that does not exist"
    return None
