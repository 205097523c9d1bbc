"""Prints what a sweep file says that may not be meant: values that YAML reads as something else, unused settings."""

from __future__ import annotations

from collections.abc import Iterable

from morphogenetic_engine.cli.views.tables import settings_notes
from morphogenetic_engine.monitor.display.terminal import terminal
from morphogenetic_engine.sweeps.config_file import ConfigFile


def print_notes(file: ConfigFile, further: Iterable[str] = ()) -> None:
    """Prints a line for each note, nothing where there is none; `further` are notes that need more than the file."""
    console = terminal()
    for line in file.surprises:
        console.print(f"note: {file.path}:{line}", highlight=False, soft_wrap=True)
    for note in [*settings_notes(file.config), *further]:
        console.print(f"note: {note}", highlight=False, soft_wrap=True)
