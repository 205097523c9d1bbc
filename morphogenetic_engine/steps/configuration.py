"""A sweep's configuration as a pipeline passes it on: canonical JSON, or the address of an object that holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.storage import open_store, split_address
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_of_json

_WHERE = "config"


def read_parameter(written: str) -> ConfigFile:
    """Returns the configuration that a parameter of a pipeline holds or names.

    Raises:
        ConfigError: it is neither JSON nor an address, or breaks a rule of the schema.
        StoreError: the object cannot be read.
    """
    text = written if written.lstrip().startswith("{") else _stored(written)
    return config_of_json(text, where=_WHERE)


def compiled_settings(config: SweepConfig) -> str:
    """Returns the hash of the settings that are fixed when a pipeline is compiled: its pods and its tasks."""
    execution = config.execution.model_dump(mode="json", include={"timeout_per_trial", "retries"})
    fixed = [config.resources.model_dump(mode="json"), execution, config.baseline is not None]
    if (pods := config.execution.worker_pods) is not None:
        fixed.append({"claims": pods.claims, "workers": pods.workers})
    return hashlib.sha256(orjson.dumps(fixed)).hexdigest()[:12]


def say_what_stays(config: SweepConfig, compiled_for: str, say: Callable[[str], object]) -> None:
    """Warns if a configuration was edited in settings that are fixed in the compiled pipeline."""
    if compiled_for and compiled_for != compiled_settings(config):
        say(
            "config: was edited after the pipeline was compiled: resources, deadlines, and whether the defaults are"
            " trained, stay as compiled; submit the file anew to change them"
        )


def _stored(address: str) -> bytes:
    if "/" not in address:
        raise ConfigError(
            f"{_WHERE}: must be a sweep's configuration as JSON, or its address, but got {address[:60]!r}"
        )
    folder, name = split_address(address)
    return open_store(folder).read_bytes(name)
