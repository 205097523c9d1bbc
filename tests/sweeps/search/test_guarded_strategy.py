"""An error inside a sampler or a pruner ends the sweep with one line, and keeps the traceback."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import PrunerKind, SamplerKind
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.search_names import PRUNERS, SAMPLERS
from morphogenetic_engine.sweeps.strategy import Decision, Earlier, Pruner, Reports, RunsToTheEnd, Strategy
from morphogenetic_engine.trial import Params, Value
from tests.conftest import StartSweep

NO_FLOAT_HOLDS = f"{{low: {2**63 - 5}, high: {2**63 - 1}}}"


class _Failing(RunsToTheEnd):
    """A strategy and pruner whose library fails from the third trial or report on."""

    trials = 5

    @staticmethod
    def needs(_number: int, /) -> int:
        return 0

    @staticmethod
    def suggest(number: int, earlier: Earlier) -> dict[str, Value]:
        del earlier
        if number == 2:
            raise ZeroDivisionError("division\nby zero")
        return {"x": 0.25, "y": 0.5}


class _FailingDecisions:
    @staticmethod
    def decide(step: int, value: float) -> Decision:
        if step == 2:
            raise KeyError(value)
        return Decision.GO_ON


class _FailingPruner:
    @staticmethod
    def decisions(
        _number: int, _params: Params, _ended: Sequence[TrialRecord], _reported: Reports
    ) -> _FailingDecisions:
        return _FailingDecisions()


class _SamplerKind(SamplerKind):
    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> Strategy:
        return _Failing()


class _PrunerKind(PrunerKind):
    def make(self, config: SweepConfig) -> Pruner:
        return _FailingPruner()


def sweep(optimization: str) -> str:
    return f"""
sweep_type: bayesian
experiment: {{workload: "toy:uneven"}}
parameters: {{x: {{low: 0.0, high: 1.0}}, y: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: 1}}
optimization: {{n_trials: 5, lookahead: 1, {optimization}}}
"""


def test_an_error_of_a_sampler_names_it_its_trial_and_the_parameters(
    start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SAMPLERS, "find", lambda _name: _SamplerKind())
    folder = start(sweep("sampler: TPE"))
    with pytest.raises(ConfigError) as caught:
        run_sweep(folder)
    assert str(caught.value) == (
        "optimization.sampler: TPE: trial 2: no suggestion for x, y: ZeroDivisionError: division by zero"
        f" (traceback: {folder.search_log})"
    )
    kept = folder.search_log.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in kept and 'raise ZeroDivisionError("division\\nby zero")' in kept
    result = read_result(folder)
    assert result.outcome is Outcome.ABORTED and [trial.number for trial in result.trials] == [0, 1]


def test_an_error_of_a_pruner_names_it_its_trial_and_the_parameters(
    start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PRUNERS, "find", lambda _name: _PrunerKind())
    folder = start(sweep("sampler: Random, pruner: MedianPruner"))
    with pytest.raises(
        ConfigError, match=r"^optimization.pruner: MedianPruner: trial 0: no decision about x=[\d.]+ "
    ) as caught:
        run_sweep(folder)
    assert "at step 2: KeyError: " in str(caught.value) and "\n" not in str(caught.value)
    assert "in decide" in folder.search_log.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["TPE", "GP"])
def test_integers_that_no_float_can_hold_are_one_line_of_the_sampler(start: StartSweep, sampler: str) -> None:
    folder = start(f"""
sweep_type: bayesian
experiment: {{workload: "toy:quadratic"}}
parameters: {{x: {NO_FLOAT_HOLDS}, y: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: 1}}
optimization: {{n_trials: 12, lookahead: 1, sampler: {sampler}, sampler_options: {{n_startup_trials: 3}}}}
""")
    with pytest.raises(
        ConfigError, match=rf"^optimization.sampler: {sampler}: trial \d+: no suggestion for x, y: [^\n]*$"
    ):
        run_sweep(folder)
    assert "Traceback" in folder.search_log.read_text(encoding="utf-8")
