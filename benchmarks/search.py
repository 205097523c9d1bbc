"""Measures how much training each search strategy needs to match the best result of the full grid.

The full grid of a problem costs the epochs of all its trials. Each strategy then searches the continuous ranges,
with ten seeds, until a complete trial is at least as good as the best of the grid; pruned trials cost the epochs that
they ran. A search stops after half of the grid's epochs, and counts as that half in the medians.

Where training is random, the best of a grid is partly luck. For those problems, the best configuration that TPE with
pruning finds within a tenth of the grid's epochs, and the grid's best, are also trained with ten fresh seeds.

A halving is sized to a twentieth of the grid's epochs; one that does not match the grid is followed by another, with a
seed of its own.

All searches receive results with a lookahead of 4, as on four workers. Samplers have Optuna's settings; the median
pruner waits for five trials, and in each trial for a tenth of the steps.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count, repeat, takewhile
from multiprocessing import get_context

from benchmarks.figures import Figure
from benchmarks.problems.rung_attempts import attempts
from benchmarks.problems.search_problems import NAMES, Problem, problem
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Decision, TrialDecisions, earlier_than
from morphogenetic_engine.trial import Params

_SEEDS = range(10)
_LOOKAHEAD = 4
_TPE_MEDIAN = "TPE + median pruner"
_HALVING = "halving"
_HALVING_SHARE = 20
_STRATEGIES: Mapping[str, Mapping[str, object]] = {
    "random": {"sampler": "Random"},
    "TPE": {"sampler": "TPE"},
    _TPE_MEDIAN: {"sampler": "TPE", "pruner": "MedianPruner"},
    "CMA-ES": {"sampler": "CmaEs"},
    "auto": {"sampler": "auto"},
    _HALVING: {"sampler": "auto"},
}
_GOALS = {_TPE_MEDIAN: 0.1, _HALVING: 1 / _HALVING_SHARE}
"""Shares of the grid's epochs."""


def figures() -> list[Figure]:
    """Searches four problems, on all cores."""
    # Forked processes would inherit the threads of torch.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        return [figure for name in NAMES for figure in _figures(name, pool)]


def _figures(name: str, pool: ProcessPoolExecutor) -> Iterable[Figure]:
    searched = problem(name)
    grid = searched.grid()
    values = list(pool.map(_value, repeat(name), grid, chunksize=5))
    goal, whole = max(values), len(grid) * searched.steps
    yield Figure(f"{name}: full grid, {len(grid)} trials", whole, "epochs")
    yield Figure(f"{name}: grid in its order, until its best", (values.index(goal) + 1) * searched.steps, "epochs")
    yield from _strategy_figures(name, goal, whole, _STRATEGIES, pool)
    if searched.afresh is not None:
        yield from _fresh_figures(name, grid[values.index(goal)], whole // 10, pool)


def _strategy_figures(
    name: str, goal: float, whole: int, strategies: Iterable[str], pool: ProcessPoolExecutor
) -> Iterable[Figure]:
    """Yields the epochs that each strategy needs to reach the goal; `whole` are those of the grid."""
    for strategy in strategies:
        costs = list(pool.map(_cost, repeat(name), repeat(strategy), _SEEDS, repeat(goal), repeat(whole // 2)))
        missed = sum(cost is None for cost in costs)
        note = f" ({missed} of {len(costs)} not in half of the grid's)" if missed else ""
        median = statistics.median(whole // 2 if cost is None else cost for cost in costs)
        yield Figure(f"{name}: {strategy}{note}", median, "epochs")
        if strategy in _GOALS:
            yield Figure(f"{name}: {strategy} over the full grid", median / whole, "ratio", _GOALS[strategy])


def _fresh_figures(name: str, of_grid: Params, most: int, pool: ProcessPoolExecutor) -> Iterable[Figure]:
    """Compares the best of a tenth of the grid's epochs with the grid's best, on seeds that neither was selected on."""
    found = list(pool.map(_best, repeat(name), repeat(_TPE_MEDIAN), _SEEDS, repeat(most)))
    means = [statistics.fmean(pool.map(_afresh, repeat(name), repeat(point), _SEEDS)) for point in [of_grid, *found]]
    what = f"{name}: accuracy on {len(_SEEDS)} fresh seeds"
    as_good = sum(mean >= means[0] for mean in means[1:])
    yield Figure(f"{what}, the grid's best", 100 * means[0], "%", better="higher")
    note = f"TPE + median pruner's best of a tenth of its epochs ({as_good} of {len(found)} are as good)"
    yield Figure(f"{what}, {note}", 100 * statistics.median(means[1:]), "%", better="higher")


def _value(name: str, point: Params) -> float:
    return problem(name).run(point, lambda _step, _value: False)[-1]


def _afresh(name: str, point: Params, seed: int) -> float:
    afresh = problem(name).afresh
    assert afresh is not None
    return afresh(point, seed)


def _cost(name: str, strategy: str, seed: int, goal: float, most: int) -> int | None:
    """Returns the epochs until a complete trial reaches the goal; None: it would take more than `most`."""
    for spent, trial in _search(name, strategy, seed, most):
        if spent > most:
            return None
        if trial.state is TrialState.COMPLETE and trial.metrics["val_acc"] >= goal:
            return spent
    return None


def _best(name: str, strategy: str, seed: int, most: int) -> Params:
    """Returns the best complete configuration that a search finds in `most` epochs."""
    within = takewhile(lambda step: step[0] <= most, _search(name, strategy, seed, most))
    complete = (trial for _, trial in within if trial.state is TrialState.COMPLETE)
    return max(complete, key=lambda trial: trial.metrics["val_acc"]).params


def _search(name: str, strategy: str, seed: int, most: int) -> Iterator[tuple[int, TrialRecord]]:
    """Yields the epochs spent so far and the last trial, without an end."""
    if strategy == _HALVING:
        yield from _halvings(name, seed)
        return
    searched = problem(name)
    config = _config(searched, strategy, seed, most)
    searching = strategy_of(config)
    trials: dict[int, TrialRecord] = {}
    spent = 0
    for number in count():
        earlier = earlier_than(number, searching.needs(number), trials)
        params = searching.suggest(number, earlier)
        decisions = searching.decisions(number, params, earlier, {})
        curve = searched.run(params, partial(_is_stopped, decisions))
        trials[number] = _record(number, params, curve, complete=len(curve) == searched.steps)
        spent += len(curve)
        yield spent, trials[number]


def _halvings(name: str, seed: int) -> Iterator[tuple[int, TrialRecord]]:
    """Yields the epochs spent so far and the last trial, of one halving after the other."""
    searched = problem(name)
    spent = 0
    for again in count():
        halving = {"full": searched.steps, "budget": len(searched.grid()) / _HALVING_SHARE}
        chosen = {**_STRATEGIES[_HALVING], "strategy": "halving", "halving": halving}
        config = _sweep(searched, {"seed": seed + 1_000 * again, **chosen})
        for trial, pause in attempts(strategy_of(config), lambda _number, suggested: dict(suggested)):
            # What a promoted trial repeats here, it goes on from its checkpoint in a sweep.
            curve = searched.run(trial.params, partial(_has_reached, pause))
            spent += len(curve) - len(trial.curve)
            trial.curve.update({step: {"val_acc": value} for step, value in enumerate(curve)})
            complete = TrialState.COMPLETE if len(curve) == searched.steps else TrialState.PRUNED
            yield spent, replace(trial, state=complete, metrics={"val_acc": curve[-1]})


def _has_reached(pause: int | None, step: int, _value: float) -> bool:
    return step + 1 == pause


def _is_stopped(decisions: TrialDecisions | None, step: int, value: float) -> bool:
    return decisions is not None and decisions.decide(step, value) is Decision.STOP


def _record(number: int, params: Params, curve: Sequence[float], *, complete: bool) -> TrialRecord:
    state = TrialState.COMPLETE if complete else TrialState.PRUNED
    reports: dict[int, Mapping[str, float]] = {step: {"val_acc": value} for step, value in enumerate(curve)}
    return TrialRecord(number, 0, params, state, metrics={"val_acc": curve[-1]}, curve=reports)


def _config(searched: Problem, strategy: str, seed: int, most: int) -> SweepConfig:
    chosen = dict(_STRATEGIES[strategy])
    if "pruner" in chosen:
        chosen["pruner_options"] = {"n_startup_trials": 5, "n_warmup_steps": searched.steps // 10}
    # n_trials is what the epochs allow, as a user would set it: `auto` chooses by it.
    trials = most // searched.steps
    return _sweep(searched, {"n_trials": trials, "seed": seed, "lookahead": _LOOKAHEAD, **chosen})


def _sweep(searched: Problem, optimization: Mapping[str, object]) -> SweepConfig:
    return parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "benchmarks.search:none"},
            "parameters": searched.parameters,
            "optimization": optimization,
        },
        where="benchmark",
    )
