"""The results of earlier self-checks, in the user's cache folder.

Each machine, build of torch and version of the engine has a file of its own, so that a result is used only where the
same kernels run. A file that is deleted is made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch

_log = logging.getLogger(__name__)

_ENGINE = Path(__file__).parents[1]
_LIBRARIES = ("MKL_", "ONEDNN_", "DNNL_", "ATEN_", "OPENBLAS_", "TORCH_", "PYTORCH_", "CUBLAS_", "CUDA_", "NVIDIA_")
"""The first letters of environment variables that may choose another kernel."""
_THREADS = "_NUM_THREADS"
"""Their number is set by the engine."""


class Agreements:
    """The shapes whose stacks were compared with single runs, and the outcomes."""

    def __init__(self, path: Path | None = None) -> None:
        """`path` is the file in which they are kept; None: they are forgotten with this object."""
        self._path = path
        self._known = _read(path) if path is not None else {}

    def outcome(self, shape: str) -> bool | None:
        """Returns whether the bits of a shape agreed; None: it was not compared yet."""
        return self._known.get(shape)

    def keep(self, shape: str, *, agrees: bool) -> None:
        """Records the outcome of a comparison."""
        self._known[shape] = agrees
        if self._path is None:
            return
        line = json.dumps({"shape": shape, "agrees": agrees}) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:  # the comparison is made again by the next worker
            _log.info("%s: the result of a self-check cannot be kept: %s", self._path, error.strerror)
            self._path = None


def file_of_this_machine() -> Path | None:
    """Returns the file for this machine, build of torch and engine; None if the user has no home folder."""
    place = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):  # a user without a home
        folder = Path(place) if place else Path.home() / ".cache"
        return folder / "morphogenetic-engine" / "self-checks" / f"{_fingerprint()}.jsonl"
    return None


def _read(path: Path) -> dict[str, bool]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}  # none was kept yet
    known = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # torn, or not of ours
            kept = json.loads(line)
            known[str(kept["shape"])] = kept["agrees"] is True
    return known


def _fingerprint() -> str:
    """Returns a digest of everything that decides which kernels run, and in which order the engine calls them."""
    parts = [torch.__version__, torch.__config__.show(), torch.backends.cpu.get_cpu_capability(), _processor()]
    parts += [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith(_LIBRARIES) and not name.endswith(_THREADS)
    ]
    if torch.cuda.is_available():
        parts += [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return hashlib.sha256("\0".join([*parts, _engine_digest()]).encode()).hexdigest()[:32]


@cache
def _engine_digest() -> str:
    """Returns a digest of the engine's source."""
    digest = hashlib.sha256()
    for path in sorted(_ENGINE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _processor() -> str:
    """Returns model and instructions of the processor, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"  # not Linux; torch's own capability is compared nevertheless
    names = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU implementer", "CPU part")
    first = text.split("\n\n", maxsplit=1)[0].splitlines()
    return "\n".join(line for line in first if line.partition(":")[0].strip() in names)
