"""Sends a sweep to the sinks that its configuration names, while it runs and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError
from morphogenetic_engine.sinks.journal_forwarder import JournalForwarder
from morphogenetic_engine.sinks.sink import load_sink, wanted_sinks
from morphogenetic_engine.sinks.sync_state import only_sender
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder

REQUEST_SECONDS = 30.0
_DEFAULT = "mlflow"
"""The sink of `sweep publish` for a sweep that names none; `--uri` is its address."""


@contextmanager
def followed(folder: SweepFolder, config: SweepConfig, *, warn: Callable[[str], object]) -> Iterator[None]:
    """Sends a sweep to all its configured sinks while it runs; calls `warn` with a line for each incomplete sink.

    Raises:
        ConfigError: the configuration names a sink that is not installed.
    """
    unsent: dict[str, list[str]] = {}
    forwarders: list[JournalForwarder] = []
    for name, address in wanted_sinks(config).items():
        if load_sink(name).closes_with(folder.read_info()):
            unsent[name] = []
        forwarders.append(
            JournalForwarder(folder, name, address=address, warn=unsent[name].append if name in unsent else warn)
        )
    with ExitStack() as stack:
        for each in forwarders:
            stack.enter_context(each)
        yield
    for name, warnings in unsent.items():
        if warnings:
            _send_the_rest(folder, name, warn)


def _send_the_rest(folder: SweepFolder, name: str, warn: Callable[[str], object]) -> None:
    """Sends the rest now without a time limit: the destination closes when this process ends."""
    try:
        publish(folder, name)
    except MorphogeneticError as error:
        warn(f"{error}; send it later with `morphogenetic sweep publish --sweep-id {folder.sweep_id}`")


def publish_all(folder: SweepFolder, *, uri: str | None = None) -> Iterator[str]:
    """Sends the missing events to each sink of a sweep, and yields a line for each sink that is then complete.

    MLflow is a sink where the configuration or `uri` asks for it, or where the sweep has no other. A sink that cannot
    be reached does not affect the others.

    Raises:
        ConfigError: a sink or its library is not installed.
        SweepError: another process publishes this sweep, or a file of it is damaged.
        StoreError: a server cannot be reached or refuses, or a file cannot be read or written.
    """
    sinks = wanted_sinks(folder.read_info().config)
    if uri is not None or not sinks:
        sinks[_DEFAULT] = uri
    errors: list[MorphogeneticError] = []
    for name, address in sinks.items():
        try:
            yield publish(folder, name, address=address)
        except MorphogeneticError as error:
            errors.append(error)
    if len(errors) > 1:
        raise StoreError("; ".join(map(str, errors)))
    if errors:
        raise errors[0]


def publish(folder: SweepFolder, name: str, *, address: str | None = None) -> str:
    """Sends the missing events of a sweep to a sink, and returns a line that states what was sent.

    Raises:
        ConfigError: the sink or its library is not installed.
        SweepError: another process publishes this sweep, or a file of it is damaged.
        StoreError: the destination cannot be reached or refuses, or a file cannot be read or written.
    """
    sink = load_sink(name)
    destination = sink.destination(folder, folder.read_info(), address)
    if destination.lacking:
        raise ConfigError(destination.lacking)
    lock = folder.path / f"{destination.files}.lock"
    with only_sender(lock), sink.open(folder, destination, patience=REQUEST_SECONDS) as sender:
        sender.catch_up(lambda: False)
        sender.settle()
        return sender.summary
