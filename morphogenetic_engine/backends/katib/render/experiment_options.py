"""The options of an Experiment that are not in the sweep file: its name, namespace, image and store."""

from __future__ import annotations

import re
from pathlib import Path

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.storage.address import CloudAddress, parse_address
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pods.pod_resources import checked_image

KATIB_PARALLEL = 3
"""Katib's default parallelTrialCount, used for `max_parallel: auto`: the cluster's number of GPUs is unknown."""
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._/:=@%+,-]+")
"""The characters that a shell leaves unchanged."""


def experiment_name(config: SweepConfig, path: Path, options: RenderOptions) -> str:
    """Returns the Experiment's name: the given one, or the file's with a prefix of the sweep's identity.

    Raises:
        ConfigError: the name is invalid for Katib, or for an object that Katib names after it.
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
    """Returns the name of a namespace.

    Raises:
        ConfigError: it is no valid name.
    """
    if _NAMESPACE.fullmatch(namespace) is None:
        raise ConfigError(f"namespace: must be small letters, digits and '-' (63 at most), but got {namespace!r}")
    return namespace


def trial_image(config: SweepConfig, options: RenderOptions) -> str:
    """Returns the image that trials run in.

    Raises:
        ConfigError: none is given, or it is no valid image name.
    """
    if options.image is None and config.resources.image is None:
        raise ConfigError("resources.image: is missing; give it there or with --image")
    try:
        return checked_image(options.image or config.resources.image or "")
    except ValueError as error:
        raise ConfigError(f"image: {error}") from error


def trial_store(options: RenderOptions) -> str | None:
    """Returns where trials upload their files.

    Raises:
        ConfigError: it is no object store, which pods require, or its address has characters that a shell would change.
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
    """Returns the number of parallel trials; at most the number of trials, which Katib requires."""
    wanted = options.parallel or config.execution.max_parallel
    return min(trials, KATIB_PARALLEL if wanted == "auto" else wanted)
