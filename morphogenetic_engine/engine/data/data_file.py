"""Samples in a file: NumPy's .npz with the arrays `x` (samples by features) and `y` (classes from 0)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from morphogenetic_engine.errors import ConfigError, StoreError

# N: samples, F: features
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

_DAMAGES = (ValueError, EOFError, BadZipFile, RuntimeError, AttributeError, TypeError, SyntaxError)
"""The exceptions of NumPy and zipfile for files that are not, or no longer, valid archives of arrays."""


def samples_bytes(x_NF: Floats, y_N: Labels, about: str) -> bytes:
    """Returns the bytes of a data file; equal samples give equal bytes. `about` (provenance) is not read back."""
    content = BytesIO()
    np.savez(content, x=x_NF, y=y_N, about=np.array(about))
    return content.getvalue()


def read_samples(path: Path) -> tuple[Floats, Labels]:
    """Reads the samples x_NF and classes y_N of a file.

    Raises:
        StoreError: it cannot be read.
        ConfigError: the file does not contain samples with classes; the message gives the reason.
    """
    try:
        # Opened here so that it is closed on every error; pickled objects are refused, because loading them runs code.
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            names = getattr(file, "files", ())
            if "x" not in names or "y" not in names:
                raise ConfigError(f"data_file: {path}: must be an .npz file with the arrays x and y")
            x_NF, y_N = np.asarray(file["x"]), np.asarray(file["y"])
    except OSError as error:
        raise StoreError(f"data_file: {path}: cannot be read: {error.strerror or error}") from error
    except _DAMAGES as error:
        raise ConfigError(f"data_file: {path}: is no whole .npz file of numbers") from error
    problem = _problem_of(x_NF, y_N)
    if problem:
        raise ConfigError(f"data_file: {path}: {problem}")
    return x_NF.astype(np.float64), y_N.astype(np.int64)


def _problem_of(x_NF: npt.NDArray[np.generic], y_N: npt.NDArray[np.generic]) -> str:
    if x_NF.ndim != 2 or x_NF.shape[1] < 1 or x_NF.dtype.kind not in "iuf":
        return f"x must be numbers, samples by features, but is {x_NF.dtype} of shape {x_NF.shape}"
    if y_N.ndim != 1 or y_N.dtype.kind not in "iu":
        return f"y must be whole numbers, one a sample, but is {y_N.dtype} of shape {y_N.shape}"
    if len(x_NF) != len(y_N):
        return f"x and y must be equally long, but have {len(x_NF)} and {len(y_N)} samples"
    if not np.isfinite(x_NF).all():
        return "x must be finite"
    found = np.unique(y_N)
    if len(found) < 2 or not np.array_equal(found, np.arange(len(found))):
        return f"y must hold each class from 0 to at least 1, but holds {_listed(found)}"
    return ""


def _listed(classes: npt.NDArray[np.generic]) -> str:
    shown = ", ".join(map(str, classes[:5].tolist()))
    return f"{shown}, ..." if len(classes) > 5 else shown or "nothing"
