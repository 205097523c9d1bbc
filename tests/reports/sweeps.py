"""Sweeps without a run: a configuration, and trials that end as the test determines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.attempts import Attempts
from morphogenetic_engine.sweeps.record.events import SessionStarted, TrialEnded, TrialStarted, TrialState
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params

SPACE = {
    "x": {"low": 0.0, "high": 1.0},
    "lr": {"low": 1e-4, "high": 1.0, "log": True},
    "kind": ["relu", "tanh", "gelu"],
}


def trial(
    number: int,
    params: Params,
    value: float | None = None,
    *,
    state: TrialState = TrialState.COMPLETE,
    curve: Sequence[float] = (),
    message: str = "",
    **metrics: float,
) -> TrialRecord:
    """Returns a trial; a failed one failed with an exception. It took a second."""
    reason = FailureReason.EXCEPTION if state is TrialState.FAILED else None
    known = {} if value is None else {"val_acc": value, **metrics}
    steps = {step: {"val_acc": each} for step, each in enumerate(curve)}
    return TrialRecord(
        number, 100 + number, params, state, reason, message, known, dict(steps), started=float(number), duration=1.0
    )


def sweep(
    trials: Sequence[TrialRecord],
    parameters: Mapping[str, object] | None = None,
    *,
    workers: int = 2,
    fixed: Params | None = None,
    **optimization: object,
) -> SweepResult:
    """Returns a finished sweep of these trials, which two workers ran in turn, one second each."""
    config = parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "toy:quadratic", **(fixed or {})},
            "parameters": SPACE if parameters is None else parameters,
            "constraints": optimization.pop("constraints", ()),
            "optimization": {"n_trials": max(1, len(trials)), **optimization},
        },
        where="sweep.yaml",
    )
    info = SweepInfo(
        sweep_id="one",
        created="2026-01-02T03:04:05+00:00",
        config=config,
        identity=config.identity,
        config_path="sweep.yaml",
        working_directory="/",
        python="3.11.0",
        versions={},
        git_commit="a" * 40,
    )
    session, attempts = SessionStarted(0.0, 1, "host", "0", workers), Attempts()
    attempts.apply(session)
    for place, each in enumerate(trials):
        start = float(place // workers)
        attempts.apply(TrialStarted(start, each.number, 0, place % workers, each.seed, each.params))
        if each.state.final:
            attempts.apply(TrialEnded(start + 1, each.number, 0, each.state, 1.0, each.metrics))
    return SweepResult(info, list(trials), [session], None, attempts.all, attempts.spans)
