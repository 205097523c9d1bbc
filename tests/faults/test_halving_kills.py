"""SIGKILL at random moments of a halving: paused and promoted trials are neither lost nor run twice.

`make test-all` kills a few times, `make test-faults` fifty times (SWEEP_FAULTS=50).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialPaused, TrialPromoted, TrialReported
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from tests.faults.test_kills import ROUNDS, resumed, running, strike
from tests.tables import steady_rows
from tests.waiting import DEADLINE_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.faults]

SWEEP = """
sweep_type: bayesian
experiment: {{workload: "toy:rising", seconds: 0.002, saves: {saves}}}
parameters: {{x: {{type: float, low: 0, high: 1}}, y: {{type: float, low: 0, high: 1}}}}
execution: {{max_parallel: 3, retries: {{crashes: 1000}}}}
optimization: {{strategy: halving, n_trials: 30, halving: {{full: 9, first_rung: 1}}}}
"""


@pytest.fixture(scope="module", params=[1, 0], ids=["checkpoints", "none"], name="calm")
def calm_sweep(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, SweepFolder]:
    """The text of a sweep whose trials save checkpoints, or do not, and the sweep that nothing disturbed."""
    text = SWEEP.format(saves=request.param)
    place = tmp_path_factory.mktemp("undisturbed")
    toy = Path(__file__).parents[1] / "toy.py"
    (place / "toy.py").write_text(toy.read_text(encoding="utf-8"), encoding="utf-8")
    (place / "sweep.yaml").write_text(text, encoding="utf-8")
    with running("run", "--config", "sweep.yaml", "--sweep-id", "calm", place=place) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    return text, SweepFolder(place / "results/sweeps/calm")


@pytest.mark.parametrize("victim", ["worker", "coordinator", "both"])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_killed_anywhere_and_resumed_a_halving_is_that_of_an_undisturbed_sweep(
    start: Callable[[str], SweepFolder], calm: tuple[str, SweepFolder], victim: str, round_number: int
) -> None:
    text, undisturbed = calm
    chance = random.Random(f"halving {victim} {round_number}")
    folder = start(text)
    for _ in range(chance.randint(1, 3)):
        strike(folder, victim, chance)
    with resumed(folder) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    assert steady_rows(folder) == steady_rows(undisturbed)
    assert _decided(folder) == _decided(undisturbed)
    reported = Counter((e.trial, e.step) for e in read_events(folder.journal) if isinstance(e, TrialReported))
    assert set(reported.values()) == {1}


def _decided(folder: SweepFolder) -> Counter[tuple[str, int, int]]:
    """Returns the pauses, promotions and ends in a journal."""
    found: Counter[tuple[str, int, int]] = Counter()
    for event in read_events(folder.journal):
        match event:
            case TrialPaused():
                found["paused", event.trial, event.step] += 1
            case TrialPromoted():
                found["promoted", event.trial, event.rung] += 1
            case TrialEnded():
                found["ended", event.trial, 0] += 1
    return found
