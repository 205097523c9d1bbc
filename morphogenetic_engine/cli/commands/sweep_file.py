"""`morphogenetic sweep migrate | schema`: converts old sweep files, and prints the schema of current ones."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("migrate")
@click.argument("file", type=click.Path(path_type=Path))
def migrate_command(file: Path) -> None:
    """Print a sweep file of the old flat format in the current format."""
    from morphogenetic_engine.errors import ConfigError
    from morphogenetic_engine.sweeps.config_file import parse_yaml, read_config, read_text
    from morphogenetic_engine.sweeps.schema.flat_format import is_flat, migrated_text

    written = parse_yaml(read_text(file), where=str(file))
    read_config(file)
    if not is_flat(written):
        raise ConfigError(f"{file}: is in the current format already")
    click.echo(migrated_text(written), nl=False)


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of sweep files, for editors."""
    from morphogenetic_engine.sweeps.config import SweepConfig

    click.echo(json.dumps(SweepConfig.model_json_schema(), indent=2))
