"""Workers and coordinators that are killed where no folder is shared: trials go on from what was saved in the store."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.backends.dask.files import session_files
from morphogenetic_engine.errors import ClusterError, FailureReason, StoreError
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Event, Outcome, TrialReported, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.backends.dask.kill_rounds import SEED, SWEEP, WORKLOAD, assert_exact, killed_to_the_end
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs
from tests.tables import steady_rows
from tests.waiting import until

SAVES = """
import time

def train(params, trial):
    saved = trial.dir / "step"
    first = int(saved.read_text()) if saved.exists() else 0
    with (trial.dir / "begins").open("a") as file:
        print(first, file=file)
    for step in range(first, 20):
        (trial.dir / "new").write_text(str(step + 1))
        (trial.dir / "new").rename(saved)
        trial.report(step, {"val_acc": float(params["x"]) * (step + 1) + trial.seed % 1000 / 1e6})
        time.sleep(params["seconds"])
    return {"val_acc": float(params["x"])}
"""
LONG = """
sweep_type: random
experiment: {workload: "saves:train", seconds: 0.1}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 3, lookahead: 3}
"""


RISES = (
    'sweep_type: random\nexperiment: {workload: "toy:rising", seconds: 0.06}\n'
    "parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}\n"
)
STRATEGIES = {
    "population": "strategy: pbt, n_trials: 12, lookahead: 4, pbt: {population: 4, full: 9, change: [x]}",
    "halving": "strategy: halving, halving: {full: 9}, n_trials: 12, lookahead: 4",
    "pruner": "sampler: TPE, pruner: MedianPruner, n_trials: 12, lookahead: 4",
}


@pytest.fixture(name="local")
def sweep_that_nothing_disturbed(workplace: Path, start: StartSweep) -> SweepFolder:
    (workplace / "saves.py").write_text(SAVES, encoding="utf-8")
    folder = start(LONG.replace("seconds: 0.1", "seconds: 0"))
    run_sweep(folder)
    return folder


def test_a_trial_of_a_killed_worker_goes_on_from_what_was_saved(
    elsewhere: DaskCluster, local: SweepFolder, start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_files, "SAVE_SECONDS", 0.05)
    away = start(LONG + elsewhere.section(3))
    victims = list(elsewhere.workers)

    def kill(event: Event) -> None:
        if isinstance(event, TrialReported) and event.step >= 12 and victims:
            for victim in victims:
                victim.kill()
            victims.clear()
            for _ in range(3):
                elsewhere.add_worker()

    assert run_sweep(away, observers=[kill]) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)
    lost = {event.trial for event in read_events(away.journal) if isinstance(event, AttemptFailed)}
    assert lost and all(
        event.reason is FailureReason.KILLED for event in read_events(away.journal) if isinstance(event, AttemptFailed)
    )
    for trial in lost:
        first, second = _begins(away, trial)
        assert first == 0 < second


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_trial_of_an_ended_coordinator_goes_on_from_what_was_saved(
    elsewhere: DaskCluster, local: SweepFolder, start: StartSweep, number: signal.Signals
) -> None:
    away = SweepFolder(start(LONG + elsewhere.section(3)).path.absolute())
    with session(away) as process:
        until(lambda: away.journal.exists() and away.journal.read_bytes().count(b'"trial_reported"') > 12, "reports")
        process.send_signal(number)
        process.wait()
    store = open_store(elsewhere.storage)
    (sweep,) = {name.name.split("/")[0] for name in store.list() if name.name.startswith(f"{away.sweep_id}-")}
    until(lambda: len(store.list(f"{sweep}/trials")) == 3, "the folders of three trials in the store")
    assert run_sweep(away) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)
    for trial in range(3):
        first, second = _begins(away, trial)
        assert first == 0 < second


@pytest.mark.slow
def test_a_store_that_ends_is_told_and_the_sweep_goes_on_later(
    hiding: Sequence[str], local: SweepFolder, start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(tempfile.mkdtemp(prefix="ends-"))
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(session_files, "PATIENCE_SECONDS", 5.0)
        with dask_cluster(place, 2, begins=hiding, storage=f"s3://{BUCKET}/ends") as cluster:
            away = start(LONG + cluster.section(2))

            def kill(event: Event) -> None:
                if isinstance(event, TrialReported) and event.step >= 5 and server.process is not None:
                    server.kill()

            with pytest.raises((ClusterError, StoreError), match=r"s3://reports/ends/.*cannot be (written|read)"):
                run_sweep(away, observers=[kill])
            server.start()
            assert run_sweep(away) is Outcome.FINISHED
    shutil.rmtree(place)
    assert steady_rows(away) == steady_rows(local)


def test_a_worker_that_is_told_to_end_saves_its_trials_first(
    s3: SeaweedServer, local: SweepFolder, start: StartSweep
) -> None:
    del s3
    section = f'dask: {{workers: 3, storage: "s3://{BUCKET}/told"}}'
    away = start(f"{LONG}execution: {{executor: dask, retries: {{crashes: 5}}, {section}}}\n")
    told: list[int] = []

    def tell(event: Event) -> None:
        if isinstance(event, TrialReported) and event.step >= 5 and not told:
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):  # of another test, which is about to end
                    told.extend([child.pid] if "backends.dask.host_process" in " ".join(child.cmdline()) else [])
            os.kill(told[0], signal.SIGTERM)

    assert run_sweep(away, observers=[tell]) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)
    (lost,) = {event.trial for event in read_events(away.journal) if isinstance(event, AttemptFailed)}
    first, second = _begins(away, lost)
    assert first == 0 and second >= 1


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("search", STRATEGIES)
def test_kills_at_random_leave_what_strategies_decide_as_it_was(
    elsewhere: DaskCluster, start: StartSweep, search: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_files, "SAVE_SECONDS", 0.1)
    space = RISES.replace("random", "bayesian") if search == "pruner" else RISES
    text = f"{space}optimization: {{{STRATEGIES[search]}}}\n"
    local = start(text.replace("seconds: 0.06", "seconds: 0"))
    run_sweep(local)
    away = start(text + elsewhere.section(3).replace("crashes: 5", "crashes: 1000"))
    chance, heard = random.Random(SEED), [0]
    moments = {sum(chance.randint(5, 25) for _ in range(count)) for count in range(1, 7)}

    def kill(event: Event) -> None:
        del event
        heard[0] += 1
        if heard[0] in moments:
            chance.choice([each for each in elsewhere.workers if each.poll() is None]).kill()
            elsewhere.add_worker()

    assert run_sweep(away, observers=[kill]) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)
    starts = [(event.trial, event.attempt) for event in read_events(away.journal) if isinstance(event, TrialStarted)]
    assert len(starts) == len(set(starts)) > len(steady_rows(local))


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_random_kills_lose_and_double_nothing(
    s3: SeaweedServer, hiding: Sequence[str], workplace: Path, start: StartSweep
) -> None:
    del s3
    (workplace / "witnessed.py").write_text(WORKLOAD, encoding="utf-8")
    local = start(SWEEP.replace("seconds: 0.05", "seconds: 0") + "execution: {max_parallel: 2}\n")
    run_sweep(local)
    chance, place = random.Random(SEED), Path(tempfile.mkdtemp(prefix="killed-"))
    with dask_cluster(place, 2, begins=hiding, storage=f"s3://{BUCKET}/{place.name}") as cluster:
        section = cluster.section(2).replace("crashes: 5", "crashes: 1000")
        away = SweepFolder(start(SWEEP + section).path.absolute())

        def replace_one() -> bool:
            chance.choice([each for each in cluster.workers if each.poll() is None]).kill()
            cluster.add_worker()
            return True

        killed_to_the_end("store", away, chance, {"Dask worker": replace_one, "scheduler": cluster.restart})
        assert_exact(away, local)
    shutil.rmtree(place)


def _begins(folder: SweepFolder, trial: int) -> list[int]:
    """Returns the steps at which the attempts at a trial began."""
    return [int(line) for line in (folder.trial(trial) / "begins").read_text(encoding="utf-8").split()]
