"""`sweep replay`: compares searches on the recorded trials of a sweep, without training."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from morphogenetic_engine.cli import options


@click.command("replay")
@options.sweep_id
@options.results
@click.option(
    "--sampler", "samplers", multiple=True, default=["TPE"], show_default=True, help="Sampler; give several to compare."
)
@click.option(
    "--pruner", "pruners", multiple=True, default=["none"], show_default=True, help="Pruner; give several to compare."
)
@click.option("--seeds", type=options.Integer(min=1), default=10, show_default=True, help="Number of replays of each.")
@options.as_json
def replay_command(
    *, sweep_id: str, results: Path, samplers: Sequence[str], pruners: Sequence[str], seeds: int, as_json: bool
) -> None:
    """Compare samplers and pruners on the recorded trials of a sweep.

    Shows the cost until the best trial is found, beside the sweep as it ran and a random search.
    """
    from morphogenetic_engine.cli.views import replay_table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.results import read_result
    from morphogenetic_engine.sweeps.search.simulation import Contestant, as_recorded, replay

    result = read_result(find_sweep(results, sweep_id))
    asked = [Contestant(sampler, pruner) for pruner in pruners for sampler in samplers]
    contestants = dict.fromkeys([Contestant("Random"), *asked])
    rows = {"as it ran": [as_recorded(result)]}
    rows.update({each.name: [replay(result, each, seed) for seed in range(seeds)] for each in contestants})
    if as_json:
        click.echo(json.dumps(replay_table.replay_json(rows), indent=2))
    else:
        replay_table.print_replays(terminal(), result, rows)
