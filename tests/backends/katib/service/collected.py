"""The trials of an Experiment, collected into a sweep folder as `sweep collect` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from morphogenetic_engine.backends.katib.read.objects import Condition, KatibExperiment, KatibTrial, Phase, Snapshot
from morphogenetic_engine.backends.katib.read.snapshot_events import SnapshotEvents
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.backends.katib.service.local_run import table_of
from tests.backends.katib.service.simulated_katib import NAMESPACE


def collected_table(
    trials: Sequence[KatibTrial],
    file: ConfigFile,
    config: SweepConfig,
    results: Path,
    *,
    journal: TrialJournal = lambda name: (),
    sweep_id: str = "collected",
) -> list[list[str]]:
    """Returns the trial table, without the columns that tell how a run went."""
    folder = start_sweep(file, results=results, sweep_id=sweep_id)
    experiment = KatibExperiment(
        name="probe-1a2b3c4d",
        namespace=NAMESPACE,
        uid="1",
        created=0.0,
        condition=Condition(Phase.SUCCEEDED),
        sweep=config.canonical_json,
        algorithm="morphogenetic",
        image="image",
        parallel=1,
        spec_hash=None,
        store=None,
        ended=1.0,
    )
    history = History()
    for event in SnapshotEvents(folder, history, experiment, journal=journal).update(Snapshot(experiment, trials)):
        history.apply(event)
    return table_of(dict(sorted(history.trials.items())), config, results / f"{sweep_id}.csv")
