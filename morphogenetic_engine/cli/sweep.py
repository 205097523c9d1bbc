"""`morphogenetic sweep ...`, and the same as `python -m morphogenetic_engine.cli.sweep ...`."""

from __future__ import annotations

import sys

import click

from morphogenetic_engine.cli.commands.check import check_command
from morphogenetic_engine.cli.commands.confirm import confirm_command
from morphogenetic_engine.cli.commands.delegate import collect_command, stop_command, submit_command, watch_command
from morphogenetic_engine.cli.commands.ensemble import ensemble_command
from morphogenetic_engine.cli.commands.monitor import monitor_command
from morphogenetic_engine.cli.commands.promote import promote_command
from morphogenetic_engine.cli.commands.publish import publish_command
from morphogenetic_engine.cli.commands.regression import baseline_command, regress_command, trend_command
from morphogenetic_engine.cli.commands.render import render_command
from morphogenetic_engine.cli.commands.repair import repair_command
from morphogenetic_engine.cli.commands.replay import replay_command
from morphogenetic_engine.cli.commands.show import list_command, show_command
from morphogenetic_engine.cli.commands.start import (
    bayesian_command,
    grid_command,
    quick_command,
    resume_command,
    run_command,
)
from morphogenetic_engine.cli.commands.sweep_file import migrate_command, schema_command
from morphogenetic_engine.cli.main import run
from morphogenetic_engine.cli.sectioned_group import SectionedGroup

_SECTIONS = {
    "Run": (run_command, grid_command, bayesian_command, quick_command, resume_command),
    "Sweep files": (check_command, migrate_command, schema_command),
    "Inspect": (list_command, show_command, monitor_command),
    "Repair": (repair_command,),
    "After the search": (confirm_command, ensemble_command, promote_command, replay_command, publish_command),
    "Regressions": (baseline_command, regress_command, trend_command),
    "On a cluster": (render_command, submit_command, watch_command, collect_command, stop_command),
}


@click.group(cls=SectionedGroup, context_settings={"help_option_names": ["-h", "--help"]})
def sweep() -> None:
    """Run, resume and inspect hyperparameter sweeps."""


sweep.add_sections(_SECTIONS)


if __name__ == "__main__":
    sys.exit(run(sweep, name="sweep"))
