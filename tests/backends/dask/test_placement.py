"""Each worker of a sweep has a Dask worker of its own, whenever it comes, and whoever else uses the scheduler."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from distributed import Client
from distributed.security import Security
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.dask.dask_connection import DaskWorkerState
from morphogenetic_engine.backends.dask.dask_slots import DaskSlots
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialStarted
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.conftest import StartSweep
from tests.tables import steady_rows

SWEEP = """
sweep_type: random
experiment: {workload: "toy:held"}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 6, lookahead: 3}
"""


def test_dask_workers_that_come_one_by_one_all_get_work(
    tmp_path_factory: pytest.TempPathFactory, start: StartSweep, workplace: Path
) -> None:
    local = start(SWEEP + "execution: {max_parallel: 3}\n")
    run_sweep(local)
    hold = workplace / "hold"
    hold.write_text("0 1 2", encoding="utf-8")
    with dask_cluster(tmp_path_factory.mktemp("dask"), 1) as cluster:
        sweep = start(SWEEP + cluster.section(3))
        used: set[int] = set()

        def add(event: Event) -> None:
            if isinstance(event, TrialStarted):
                used.add(event.worker)
            if isinstance(event, TrialReported) and len(cluster.workers) < 3:
                cluster.add_worker()
            if used == {0, 1, 2}:
                hold.unlink(missing_ok=True)  # it was the last one that the trials wait for

        assert run_sweep(sweep, observers=[add]) is Outcome.FINISHED
    assert steady_rows(sweep) == steady_rows(local)


def test_a_dask_worker_that_runs_something_else_is_passed_over(tmp_path: Path, start: StartSweep) -> None:
    with dask_cluster(tmp_path, 2) as cluster, _client(cluster) as other:
        other.wait_for_workers(2)
        task = other.submit(time.sleep, 3600, pure=False)
        assert run_sweep(start(SWEEP + cluster.section(2))) is Outcome.FINISHED
        assert not task.done()


def test_a_worker_of_several_threads_hosts_several() -> None:
    slots = DaskSlots()
    slots.update({"a": DaskWorkerState("a", 2, 0)})
    assert slots.free({}) == "a" and slots.free({"a": 1}) == "a" and slots.free({"a": 2}) is None


def test_tasks_at_the_last_heartbeat_are_not_counted_where_they_may_be_our_own() -> None:
    slots = DaskSlots()
    slots.update({"a": DaskWorkerState("a", 1, 1)})
    assert slots.free({}) is None
    slots.taken("a")
    assert slots.free({}) == "a"


@given(
    connected=st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    used=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)),
)
def test_a_free_slot_is_one_that_nobody_uses(connected: dict[str, tuple[int, int]], used: dict[str, int]) -> None:
    slots = DaskSlots()
    slots.update({name: DaskWorkerState(name, threads, busy) for name, (threads, busy) in connected.items()})
    free = {name for name, (threads, busy) in connected.items() if threads > max(busy, used.get(name, 0))}
    found = slots.free(used)
    assert found in free if free else found is None


def _client(cluster: DaskCluster) -> Client:
    files = {"tls_ca_file": cluster.keys.ca, "tls_client_cert": cluster.keys.cert, "tls_client_key": cluster.keys.key}
    security = Security(require_encryption=True, **{name: str(path) for name, path in files.items()})
    return Client(cluster.address, security=security, set_as_default=False)
