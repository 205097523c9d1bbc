"""Where a sweep goes beside its folder: to MLflow, to the user's own Optuna storage, to both, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError
from morphogenetic_engine.sinks.journal_forwarder import Follower
from morphogenetic_engine.sinks.mlflow import forwarder as follower, publisher
from morphogenetic_engine.sinks.optuna_storage.forwarder import MISSING, installed, storage_follower
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder


@contextmanager
def followed(folder: SweepFolder, config: SweepConfig, *, warn: Callable[[str], object]) -> Iterator[None]:
    """Send a sweep to all that its configuration names while it runs; `warn` is told what was not sent, a line each."""
    followers: list[Follower] = []
    unsent: list[str] = []
    if config.tracking.mlflow:
        opened = folder.read_info().mlflow_run is not None
        followers.append(follower.Follower(folder, warn=unsent.append if opened else warn))
    if config.optimization.storage is not None:
        followers.append(storage_follower(folder, warn=warn))
    with ExitStack() as stack:
        for each in followers:
            stack.enter_context(each)
        yield
    if unsent:
        _send_the_rest(folder, warn)


def _send_the_rest(folder: SweepFolder, warn: Callable[[str], object]) -> None:
    """Send what the follower did not: `mlflow run` closes its run when this process ends, so nobody would later."""
    try:
        publisher.publish(folder)
    except MorphogeneticError as error:
        warn(f"{error}; send it later with `morphogenetic sweep publish --sweep-id {folder.sweep_id}`")


def publish_all(folder: SweepFolder, *, uri: str | None = None) -> Iterator[str]:
    """Send what the sweep's storage and MLflow do not have, and yield a line for each that has all then.

    MLflow is sent to where the configuration or `uri` asks for it, or where there is no storage. One that cannot be
    reached keeps nothing from the other.

    Raises:
        ConfigError: a library is not installed.
        SweepError: another process publishes this sweep, or a file of it is damaged.
        StoreError: a server cannot be reached or refuses, or a file cannot be read or written.
    """
    config = folder.read_info().config
    errors: list[MorphogeneticError] = []
    sending: list[Callable[[], str]] = []
    if config.optimization.storage is not None:
        sending.append(lambda: _to_storage(folder))
    if config.tracking.mlflow or uri is not None or config.optimization.storage is None:
        sending.append(lambda: _to_mlflow(folder, uri))
    for send in sending:
        try:
            yield send()
        except MorphogeneticError as error:
            errors.append(error)
    if len(errors) > 1:
        raise StoreError("; ".join(map(str, errors)))
    if errors:
        raise errors[0]


def _to_storage(folder: SweepFolder) -> str:
    if not installed():
        raise ConfigError(MISSING)
    from morphogenetic_engine.sinks.optuna_storage.mirror import publish  # pylint: disable=import-outside-toplevel

    mirrored = publish(folder)
    return f"{mirrored.trials} trials sent to the study {folder.sweep_id} in {mirrored.storage}"


def _to_mlflow(folder: SweepFolder, uri: str | None) -> str:
    published = publisher.publish(folder, uri=uri)
    return f"{published.trials} trials and {published.artifacts} files sent to {published.uri}"
