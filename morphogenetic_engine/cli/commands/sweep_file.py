"""`morphogenetic sweep migrate | schema`: converts old sweep files, and prints the schema of current ones."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.schema.foreign.recognition import ForeignFormat


@click.command("migrate")
@click.argument("file", type=click.Path(path_type=Path))
def migrate_command(file: Path) -> None:
    """Convert a file of W&B, Katib, Hydra or the old format.

    Prints the sweep file; what has no counterpart goes to standard error, a line for each setting.
    """
    from morphogenetic_engine.errors import ConfigError
    from morphogenetic_engine.sweeps.config_file import parse_yaml, read_text
    from morphogenetic_engine.sweeps.schema.flat_format import is_flat, migrated
    from morphogenetic_engine.sweeps.schema.foreign.recognition import foreign_format

    written = parse_yaml(read_text(file), where=str(file))
    foreign = foreign_format(written)
    if foreign is not None:
        _convert(file, foreign, written)
    elif is_flat(written):
        _print_checked(file, migrated(written))
    else:
        raise ConfigError(f"{file}: is in the current format already")


def _convert(file: Path, foreign: ForeignFormat, written: dict[str, object]) -> None:
    """Prints the conversion of another system's file, and to standard error what is not converted."""
    from morphogenetic_engine.errors import ConfigError

    try:
        migration = foreign.convert(written)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    for note in migration.notes:
        click.echo(f"# {file}: {note.key}: {note.text}", err=True)
    _print_checked(file, migration.written())


def _print_checked(file: Path, sweep: dict[str, object]) -> None:
    """Prints a sweep file; one that is not valid yet is printed too, with a line that says what to change."""
    from morphogenetic_engine.errors import ConfigError
    from morphogenetic_engine.sweeps.config_file import parse_config
    from morphogenetic_engine.sweeps.schema.flat_format import sections_text

    click.echo(sections_text(sweep), nl=False)
    try:
        parse_config(sweep, where=f"the sweep file made of {file}")
    except ConfigError as error:
        raise ConfigError(f"{error}; the rest is converted: change this by hand") from error


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of sweep files, for editors."""
    from morphogenetic_engine.sweeps.config import SweepConfig

    click.echo(json.dumps(SweepConfig.model_json_schema(), indent=2))
