"""`morphogenetic sweep monitor`, and `--serve` of the commands that run a sweep."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from morphogenetic_engine.cli import options
from morphogenetic_engine.errors import ConfigError

if TYPE_CHECKING:
    from morphogenetic_engine.monitor.beside import Serving
    from morphogenetic_engine.sweeps.record.folder import SweepFolder


@click.command("monitor")
@options.sweep_id
@options.results
@options.host
@options.port
@options.allow_host
def monitor_command(sweep_id: str, results: Path, host: str, port: int | None, allow_host: tuple[str, ...]) -> None:
    """Show a sweep in the browser, live while it runs.

    The sweep may run on any machine. Ctrl-C stops the monitor, not the sweep.
    """
    import os

    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.run.priority import LOW, lower_priority

    folder = find_sweep(results, sweep_id)
    with open_monitor(options.ServeOptions(True, host, port, allow_host)) as serving:
        assert serving is not None
        from morphogenetic_engine.monitor.server import serve

        click.echo(f"sweep {sweep_id}: {address(serving)}  (Ctrl-C to leave)")
        with suppress(KeyboardInterrupt):
            serve(folder, serving.listener, serving.access, then=lambda: lower_priority(os.getpid(), LOW))


@contextmanager
def open_monitor(serve: options.ServeOptions) -> Iterator[Serving | None]:
    """Binds the address of the monitor; None if no monitor was requested.

    Raises:
        ConfigError: the libraries are missing, or the address is not available.
    """
    if not serve.serve:
        if serve.port is not None or serve.allow_host or serve.host != "127.0.0.1":
            raise ConfigError("--host, --port and --allow-host apply to the monitor: add --serve")
        yield None
        return
    from morphogenetic_engine.monitor.access import access_of, chosen_token
    from morphogenetic_engine.monitor.beside import Serving, require_installed
    from morphogenetic_engine.monitor.listener import address_of, listen

    require_installed()
    with listen(serve.host, serve.port) as listener:
        bound, port = address_of(listener)
        names = [name for name in (serve.host,) if name not in {"0.0.0.0", "::"}]
        access = access_of(bound, port, allowed=[*serve.allow_host, *names], token=chosen_token())
        yield Serving(listener, access)


@contextmanager
def served(
    folder: SweepFolder, serving: Serving | None, console: Console, *, warn: Callable[[str], object]
) -> Iterator[None]:
    """Prints the address of the monitor and serves the sweep there; None if no monitor was requested."""
    if serving is None:
        yield
        return
    from morphogenetic_engine.monitor.beside import shown

    console.print(f"monitor: {address(serving)}", highlight=False, soft_wrap=True)
    with shown(folder, serving, warn=warn):
        yield


def address(serving: Serving) -> str:
    """Returns the address to open in a browser."""
    from morphogenetic_engine.monitor.listener import link

    return link(serving.listener, serving.access)
