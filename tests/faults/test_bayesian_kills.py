"""SIGKILL during a search that learns: after a resume, suggestions and decisions are those of an undisturbed sweep.

`make test-all` kills a few times, `make test-faults` many times (SWEEP_FAULTS=50).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable

import pytest

from morphogenetic_engine.sweeps.record.events import ReplicateEnded, TrialEnded
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from tests.faults.test_kills import resumed, strike
from tests.tables import steady_rows
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

FAULTS = int(os.environ.get("SWEEP_FAULTS", "0"))
ROUNDS = max(1, FAULTS // 8)
VICTIMS = ("worker", "coordinator", "both")
XY = "x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0, step: 0.1}"
CONDITIONS = ", kind: [a, b], z: {low: 1, high: 9, when: {kind: a}}, w: {low: 0.0, high: 1.0, when: {kind: b}}"
SEARCHES = {
    "TPE": ("sampler: TPE, sampler_options: {n_startup_trials: 4}, pruner: MedianPruner", XY + CONDITIONS),
    "CmaEs": ("sampler: CmaEs, sampler_options: {popsize: 4}, pruner: HyperbandPruner", XY),
    "NSGAII": (
        "sampler: NSGAII, sampler_options: {population_size: 4}, pruner: SuccessiveHalvingPruner",
        XY + CONDITIONS,
    ),
    "QMC": ("sampler: QMC, pruner: PercentilePruner, pruner_options: {percentile: 50}", XY),
}


KILLS = (
    [(search, victim) for search in SEARCHES for victim in VICTIMS]
    if FAULTS
    else [("TPE", "coordinator"), ("CmaEs", "worker"), ("NSGAII", "both")]
)


def sweep(search: str, *, experiment: str = "workload: 'toy:resumable'") -> str:
    optimization, parameters = SEARCHES[search]
    return f"""
sweep_type: bayesian
experiment: {{{experiment}}}
parameters: {{{parameters}}}
execution: {{max_parallel: 3, retries: {{crashes: 1000}}}}
optimization: {{n_trials: 22, lookahead: 3, {optimization}}}
"""


Start = Callable[[str], SweepFolder]
Undisturbed = Callable[[str], list[dict[str, str]]]


@pytest.fixture(scope="module", name="tables")
def undisturbed_tables() -> dict[str, list[dict[str, str]]]:
    """The tables of sweeps that nothing disturbed, by their texts."""
    return {}


@pytest.fixture(name="undisturbed")
def undisturbed_table(start: Start, tables: dict[str, list[dict[str, str]]]) -> Undisturbed:
    def table(text: str) -> list[dict[str, str]]:
        if text not in tables:
            tables[text] = finished(start(text))
        return tables[text]

    return table


def finished(folder: SweepFolder) -> list[dict[str, str]]:
    """Runs the sweep to its end in a process of its own, and returns its table."""
    with resumed(folder) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    return steady_rows(folder)


@pytest.mark.faults
@pytest.mark.parametrize(("search", "victim"), KILLS)
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_killed_anywhere_and_resumed_it_searches_as_if_nothing_had_been(
    start: Start, undisturbed: Undisturbed, search: str, victim: str, round_number: int
) -> None:
    chance = random.Random(f"{victim} {search} {round_number}")
    folder = start(sweep(search))
    for _ in range(chance.randint(1, 2)):
        strike(folder, victim, chance)
    assert finished(folder) == undisturbed(sweep(search))
    ends = Counter(event.trial for event in read_events(folder.journal) if isinstance(event, TrialEnded))
    assert ends == Counter(range(22))


@pytest.mark.faults
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_replicate_that_ended_is_not_run_again(start: Start, undisturbed: Undisturbed, round_number: int) -> None:
    text = sweep("TPE", experiment="workload: 'toy:chancy', replicates: 4, seconds: 0.004")
    text = text.replace("MedianPruner", "WilcoxonPruner").replace("n_trials: 22", "n_trials: 12")
    chance = random.Random(f"replicates {round_number}")
    folder = start(text)
    for _ in range(1 + (FAULTS > 0)):
        strike(folder, "both", chance)
    assert finished(folder) == undisturbed(text)
    ended = Counter(
        (event.trial, event.replicate) for event in read_events(folder.journal) if isinstance(event, ReplicateEnded)
    )
    assert set(ended.values()) == {1}


@pytest.mark.faults
def test_another_order_of_python_s_sets_gives_the_same_search(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    for hash_seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        folder = start(sweep("TPE"))
        tables.append(finished(folder))
    assert tables[0] == tables[1]
    assert {row["state"] for row in tables[0]} == {"complete", "pruned"}
