"""What is said of an Experiment when it is rendered, beside the sweep file: its name, its place, its image."""

from __future__ import annotations

import re
from pathlib import Path

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.storage.address import CloudAddress, parse_address
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pod_resources import checked_image

KATIB_PARALLEL = 3
"""Katib's own parallelTrialCount; what `max_parallel: auto` comes to, for a file cannot know the cluster's GPUs."""
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._/:=@%+,-]+")
"""What stands in a shell's line for itself."""


def experiment_name(config: SweepConfig, path: Path, options: RenderOptions) -> str:
    """Return the Experiment's name: the one given, or the file's with the start of the sweep's identity.

    Raises:
        ConfigError: a name that Katib, or an object that it names after it, would not take.
    """
    if options.name is None:
        stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
        stem = stem if stem[:1].isalpha() else f"sweep-{stem}".strip("-")
        return f"{stem[: LONGEST_NAME - 9].strip('-')}-{config.identity[:8]}"
    if len(options.name) > LONGEST_NAME:
        raise ConfigError(
            f"name: must have {LONGEST_NAME} characters at most, but {options.name!r} has {len(options.name)}"
        )
    if _NAME.fullmatch(options.name) is None:
        raise ConfigError(
            "name: must be small letters, digits and '-', begin with a letter and not end with '-',"
            f" but got {options.name!r}"
        )
    return options.name


def checked_namespace(namespace: str) -> str:
    """Return the name of a namespace.

    Raises:
        ConfigError: it cannot be one.
    """
    if _NAMESPACE.fullmatch(namespace) is None:
        raise ConfigError(f"namespace: must be small letters, digits and '-' (63 at most), but got {namespace!r}")
    return namespace


def trial_image(config: SweepConfig, options: RenderOptions) -> str:
    """Return the image that trials run in.

    Raises:
        ConfigError: none is given, or it cannot be one.
    """
    if options.image is None and config.resources.image is None:
        raise ConfigError("resources.image: is missing; give it there or with --image")
    try:
        return checked_image(options.image or config.resources.image or "")
    except ValueError as error:
        raise ConfigError(f"image: {error}") from error


def trial_store(options: RenderOptions) -> str | None:
    """Return where trials upload their files.

    Raises:
        ConfigError: no object store, which is all that pods reach, or an address that a shell would not leave as it is.
    """
    if options.store is None:
        return None
    try:
        address = parse_address(options.store)
    except StoreError as error:
        raise ConfigError(f"store: {error}") from error
    if not isinstance(address, CloudAddress):
        raise ConfigError(
            f"store: must be an object store, since a pod's folders go with it, but got {options.store!r}"
        )
    if _PLAIN_ADDRESS.fullmatch(options.store) is None:
        raise ConfigError(f"store: must be letters, digits and ._/:=@%+,- but got {options.store!r}")
    return options.store


def parallel_trials(config: SweepConfig, options: RenderOptions, trials: int) -> int:
    """Return how many trials run at a time; never more than there are, which Katib would refuse."""
    wanted = options.parallel or config.execution.max_parallel
    return min(trials, KATIB_PARALLEL if wanted == "auto" else wanted)
