"""Options that several commands share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from morphogenetic_engine.registry import Registry


class Number(click.FloatRange):
    """A number in a range, with clearer messages than click's own type."""

    name = "number"


class Integer(click.IntRange):
    """An integer in a range."""

    name = "integer"


if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType  # which older versions of click cannot index

_F = TypeVar("_F", bound=Callable[..., object])

DEFAULT_RESULTS = Path("results/sweeps")

trust = click.option(
    "--trust", is_flag=True, help="Import the workload although the sweep was started elsewhere, or holds its source."
)


def finite(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """Rejects nan and infinity: comparisons with nan are silently false."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.")
    return value


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


class DelegateName(_TextType):
    """The name of a system that runs whole sweeps; the names are those of the registry."""

    name = "delegate"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Returns the names, as `click.Choice` shows its choices."""
        del param, ctx
        return f"[{'|'.join(_delegates().names)}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the name if the registry has it, and raises otherwise."""
        if value not in _delegates():
            self.fail(_delegates().unknown(value), param, ctx)
        return value


def _delegates() -> Registry:
    from morphogenetic_engine.backends.delegates import DELEGATES  # pylint: disable=import-outside-toplevel

    return DELEGATES


def _running_delegates() -> list[str]:
    """Returns the systems that run sweeps; others are rendered for."""
    from morphogenetic_engine.backends.delegates import RENDERED_ONLY  # pylint: disable=import-outside-toplevel

    return [name for name in _delegates().names if name not in RENDERED_ONLY]


def _chosen(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    names = _running_delegates()
    if value is None and len(names) > 1:
        raise click.BadParameter(f"must be given, since there are several: {', '.join(names)}.")
    return value or names[0]


target = click.option(
    "--to",
    "target",
    type=DelegateName(),
    callback=_chosen,
    help="The system that runs the sweep, or that it is written for.  [default: the only one that runs sweeps]",
)


def target_words(name: str) -> list[str]:
    """Returns the option that chooses a system; nothing where it is the only one."""
    return [] if _running_delegates() == [name] else [f"--to {name}"]


algorithm = click.option(
    "--algorithm",
    type=click.Choice(["katib", "morphogenetic"]),
    default="katib",
    show_default=True,
    help="What chooses the points: Katib's own algorithms, or morphogenetic's service, as in a local sweep.",
)
trials = click.option("--trials", type=Integer(min=1), metavar="N", help="Number of trials in all.")
parallel = click.option("--parallel", type=Integer(min=1), metavar="N", help="Number of worker processes.")
seed = click.option("--seed", type=Integer(min=0, max=2**32 - 1), metavar="N", help="Seed of the sweep.")
timeout = click.option(
    "--timeout",
    type=Number(min=0, min_open=True),
    metavar="SECONDS",
    help="Start no new trial after this time.",
)

insecure = click.option(
    "--insecure", is_flag=True, default=None, help="Allow workers to be reached without encryption (tcp://)."
)

mlflow = click.option("--mlflow/--no-mlflow", default=None, help="Send the sweep to MLflow while it runs.")


def several(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Combines options into one decorator; --help shows them in this order."""

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


new_sweep = several(new_sweep_id, results, trials, parallel, seed, timeout, mlflow)

warm_start = click.option("--from", "warm_start", metavar="ID", help="Start from the results of an earlier sweep.")

host = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address of the monitor; if other machines can reach it, viewers need a token.",
)
port = click.option(
    "--port",
    type=Integer(min=0, max=65535),
    metavar="N",
    help="Port of the monitor; 0: any free port.  [default: 8321, or the next free port]",
)
allow_host = click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A further host name of the monitor, such as that of a proxy; can be repeated.",
)


@dataclass(frozen=True)
class ServeOptions:
    """The options of the live monitor."""

    serve: bool
    host: str
    port: int | None
    allow_host: tuple[str, ...]


def serving(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options of the live monitor to a command, which receives them as `serve`."""

    @allow_host
    @port
    @host
    @click.option("--serve", is_flag=True, help="Show the sweep in the browser while it runs, see `sweep monitor`.")
    @functools.wraps(command)
    def with_monitor(serve: bool, host: str, port: int | None, allow_host: tuple[str, ...], **given: object) -> int:
        return command(serve=ServeOptions(serve, host, port, allow_host), **given)

    return with_monitor


_KEYS = {
    "trials": "optimization.n_trials",
    "parallel": "execution.max_parallel",
    "seed": "optimization.seed",
    "timeout": "optimization.timeout",
    "mlflow": "tracking.mlflow",
    "warm_start": "optimization.warm_start",
    "insecure": "execution.dask.insecure",
}


def overrides(**given: object) -> dict[str, object]:
    """Returns the given values by their keys in the sweep file."""
    return {_KEYS[name]: value for name, value in given.items() if value is not None}
