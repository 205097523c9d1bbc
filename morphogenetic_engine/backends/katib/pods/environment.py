"""The environment variables that tell a trial's pod what to run on which inputs; no shell reads them.

Katib replaces placeholders in the template as text, the kubelet expands `$(NAME)`, and Katib's webhook joins the
command's words into one line for a shell. JSON without a dollar sign passes through all three unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.inputs import InputFile, check_inputs

SWEEP_VARIABLE = "MORPHOGENETIC_SWEEP"
ASSIGNMENTS_VARIABLE = "MORPHOGENETIC_ASSIGNMENTS"
INPUTS_VARIABLE = "MORPHOGENETIC_INPUTS"
TRIAL_NAME_VARIABLE = "KATIB_TRIAL_NAME"
"""Katib sets it to the name of the trial."""

_INPUTS = TypeAdapter(dict[str, InputFile])


def sweep_text(config: SweepConfig) -> str:
    """Returns the configuration as JSON with escaped dollar signs, which occur only in strings."""
    return config.canonical_json.replace("$", "\\u0024")


def inputs_text(inputs: Mapping[str, InputFile]) -> str:
    """Returns the hashes of a sweep's inputs as JSON with escaped dollar signs."""
    return _INPUTS.dump_json(dict(inputs)).decode().replace("$", "\\u0024")


def check_inputs_here(directory: Path) -> None:
    """Checks that the inputs of a pod's trial are the sweep's, if the environment lists any.

    Raises:
        ConfigError: the variable is damaged, or an input is missing.
        SweepError: an input has changed since the sweep was submitted.
        StoreError: an input cannot be read.
    """
    written = os.environ.get(INPUTS_VARIABLE)
    if written is None:
        return
    try:
        inputs = _INPUTS.validate_json(written)
    except ValidationError as error:
        raise ConfigError(
            f"{INPUTS_VARIABLE}: is not what `sweep render` writes: {error.errors()[0]['msg']}"
        ) from error
    check_inputs(inputs, directory, "trial")


def assignments_text(names: Iterable[str]) -> str:
    """Returns a JSON object of Katib's placeholders, whose values Katib fills in."""
    return json.dumps({name: f"${{trialParameters.{name}}}" for name in names}, separators=(",", ":"))


def read_assignments(written: str) -> dict[str, str]:
    """Returns parameter assignments by name.

    Raises:
        ConfigError: not a JSON object of strings, or a placeholder that was not replaced.
    """
    try:
        found = json.loads(written)
    except json.JSONDecodeError as error:
        raise ConfigError(f"assignments: is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigError("assignments: must be a JSON object of names and texts")
    for name, value in found.items():
        if value.startswith("${trialParameters."):
            raise ConfigError(f"assignments: {name}: Katib has not filled in {value}")
    return found


def variable(name: str) -> str:
    """Returns a required environment variable."""
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(f"{name}: the environment variable is not set")
    return value
