"""What is said of an Experiment when it is rendered, beside the sweep file: its name, its place, its image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.inputs import InputFile

ResumePolicy = Literal["Never", "LongRunning", "FromVolume"]
RESUME_POLICIES: tuple[str, ...] = get_args(ResumePolicy)

KATIB_PARALLEL = 3
"""Katib's own parallelTrialCount; what `max_parallel: auto` comes to, for a file cannot know the cluster's GPUs."""
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class RenderOptions:
    """The settings of one Experiment; None: the file's, or the one that follows from it."""

    name: str | None = None
    namespace: str | None = None
    """None: whichever kubectl, or the client, is set to."""
    image: str | None = None
    gpu: int | None = None
    parallel: int | None = None
    max_failed: int | None = None
    """Failed trials with which the Experiment fails; None: all of them."""
    resume_policy: ResumePolicy = "Never"
    store: str | None = None
    """Where each trial uploads its files, under its own name: s3://bucket/folder."""
    exact: bool = False
    """Run the sweep's own points where they are known ahead."""
    inputs: Mapping[str, InputFile] = field(default_factory=dict)
    """The sweep's inputs as they are here; trials check that theirs are the same."""


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


def parallel_trials(config: SweepConfig, options: RenderOptions, trials: int) -> int:
    """Return how many trials run at a time; never more than there are, which Katib would refuse."""
    wanted = options.parallel or config.execution.max_parallel
    return min(trials, KATIB_PARALLEL if wanted == "auto" else wanted)
