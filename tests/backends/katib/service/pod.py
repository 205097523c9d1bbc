"""A trial in its pod, without processes: its code, and the metrics that Katib's collector reads of its file."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from morphogenetic_engine.backends.katib.pod_trial import collector_lines, pod_trial
from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Event, TrialState
from morphogenetic_engine.sweeps.record.journal import Journal, read_events
from morphogenetic_engine.sweeps.single_trial import trial_run
from morphogenetic_engine.sweeps.single_trial.trial_files import upload_trial
from morphogenetic_engine.sweeps.single_trial.trial_run import run_one_trial
from tests.backends.katib.service.local_run import fake_executor


@dataclass(frozen=True)
class PodEnd:
    """A trial that has ended, as Katib knows it."""

    condition: str
    metrics: Mapping[str, str] = field(default_factory=dict)
    """The latest value of each metric, as the text that the trial wrote."""


@dataclass
class Pods:
    """Runs the trials of an Experiment."""

    config: SweepConfig
    failing: frozenset[int]
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    journals: dict[str, Sequence[Event]] = field(default_factory=dict)
    """The journals of the trials, as in a store."""

    def __call__(self, name: str, assignments: Mapping[str, str]) -> PodEnd:
        """Runs the trial of a name, and returns how it ended."""
        executor = partial(fake_executor, chance=random.Random(name), workers=1, failing=self.failing)
        self.monkeypatch.setattr(trial_run, "open_executor", executor)
        pauses = self.config.optimization.strategy is not None
        folder, store = (self.folder / "pods" / uuid4().hex, open_store(str(self.folder / "store")))
        try:
            planned, course = pod_trial(self.config, name, assignments, store, folder)
        except SweepError:
            return PodEnd("FAILED")
        folder.mkdir(parents=True, exist_ok=True)
        file = io.StringIO()
        with Journal(folder / "journal.jsonl") as journal:
            record = run_one_trial(
                self.config,
                planned,
                where="sweep.yaml",
                folder=folder,
                observers=[journal.append, *collector_lines(self.config, file, course)],
                course=course,
            )
        self.journals[name] = list(read_events(folder / "journal.jsonl"))
        if pauses:
            upload_trial(folder, store, name)
        if record.state is TrialState.FAILED:
            return PodEnd("FAILED")
        lines = [line.split(" ", 1)[1].partition("=") for line in file.getvalue().splitlines()]
        return PodEnd("SUCCEEDED", {metric: value for metric, _, value in lines})
