"""The data that reproduce one trial: command, seed, commit, configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value


@dataclass(frozen=True)
class Replay:
    """The data needed to reproduce the numbers of a trial."""

    command: str
    """A shell command for the folder where the sweep was started; it reads the rest from the sweep's own folder."""
    seed: int
    git_commit: str | None
    """None: the sweep was started outside a repository; "-dirty": with changes that no commit has."""
    identity: str
    """The SHA-256 of the configuration."""
    inputs: Mapping[str, str]
    """The SHA-256 of each file that the trial reads, by its path."""
    params: Mapping[str, Value]
    """Fixed and searched parameters together."""


def replay_of(result: SweepResult, trial: TrialRecord) -> Replay:
    """Returns the data that reproduce a trial."""
    info = result.info
    folder = f"results/sweeps/{info.sweep_id}" if result.path is None else str(result.path)
    command = shlex.join(["morphogenetic", "trial", "run", "--config", folder, "--number", str(trial.number)])
    inputs = {file.path: file.sha256 for file in info.inputs.values()}
    return Replay(command, trial.seed, info.git_commit, info.identity, inputs, dict(trial.params))
