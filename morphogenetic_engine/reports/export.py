"""Exports a sweep to files: the formats and their writers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.reports.summary import ReportedSweep

Writer = Callable[[ReportedSweep, Path], Sequence[Path]]
"""Writes a sweep into a folder that exists, and returns the files."""

WRITERS = {
    "html": ("morphogenetic_engine.reports.formats.page_file", "write_html"),
    "pdf": ("morphogenetic_engine.reports.formats.pdf_file", "write_pdf"),
    "ipynb": ("morphogenetic_engine.reports.formats.notebook_file", "write_notebook"),
    "csv": ("morphogenetic_engine.reports.formats.data_files", "write_csv"),
    "metrics": ("morphogenetic_engine.reports.formats.metrics_files", "write_metrics"),
    "parquet": ("morphogenetic_engine.reports.formats.data_files", "write_parquet"),
}
"""By format: the module and its function, which are loaded when they are asked for."""


def export(sweep: ReportedSweep, formats: Sequence[str], to: Path) -> list[Path]:
    """Writes a sweep into the folder `to` in each format, and returns the files.

    Raises:
        ConfigError: a format needs a library that is not installed.
        StoreError: a file cannot be written.
    """
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{to}: cannot be created: {error.strerror}") from error
    return [path for name in dict.fromkeys(formats) for path in writer_of(name)(sweep, to)]


def writer_of(name: str) -> Writer:
    """Returns the writer of a format."""
    module, function = WRITERS[name]
    try:
        writer: Writer = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--format {name}: needs {error.name}: pip install 'morphogenetic-engine[reports,exports]'"
        ) from error
    return writer
