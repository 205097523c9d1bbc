"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

DEFAULT_RESULTS = Path("results/sweeps")

results = click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_RESULTS,
    show_default=True,
    help="Folder that holds the sweeps.",
)
sweep_id = click.option("--sweep-id", required=True, metavar="ID", help="The sweep, see `sweep list`.")
new_sweep_id = click.option("--sweep-id", metavar="ID", help="Name of the new sweep.  [default: the time]")
config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Sweep file, or a folder of sweep files.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

trials = click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Number of trials in all.")
parallel = click.option("--parallel", type=click.IntRange(min=1), metavar="N", help="Number of worker processes.")
seed = click.option("--seed", type=click.IntRange(min=0, max=2**32 - 1), metavar="N", help="Seed of the sweep.")
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Start no new trial after this time.",
)

mlflow = click.option("--mlflow/--no-mlflow", default=None, help="Send the sweep to MLflow while it runs, or do not.")

warm_start = click.option("--from", "warm_start", metavar="ID", help="Start from the results of an earlier sweep.")

_KEYS = {
    "trials": "optimization.n_trials",
    "parallel": "execution.max_parallel",
    "seed": "optimization.seed",
    "timeout": "optimization.timeout",
    "mlflow": "tracking.mlflow",
    "warm_start": "optimization.warm_start",
}


def overrides(**given: object) -> dict[str, object]:
    """Return the values that were given, by their keys in the sweep file."""
    return {_KEYS[name]: value for name, value in given.items() if value is not None}
