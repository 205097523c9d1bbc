"""Tables of sweeps, trials and axes for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate, islice

from rich.table import Table

from morphogenetic_engine.cli.views.rungs_table import plan_json
from morphogenetic_engine.monitor.display.worker_table import clock
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.overview import SweepOverview, UnreadableSweep
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.tables.trial_table import ELSEWHERE_COLUMN
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.run.preflight import SweepCheck
from morphogenetic_engine.sweeps.space.feasibility import Share
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value, text
from morphogenetic_engine.workload.command_line import texts_of

_SHELL_WORDS = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>&1", "2>"})
_SHOWN_VALUES = 8
_GAP = 2
"""Spaces between two columns."""
_LISTED_VALUES = 1000


def trials_table(
    result: SweepResult, trials: Sequence[TrialRecord], room: int, elsewhere: Mapping[int, str] | None = None
) -> Table:
    """Builds the table of trials: parameters, objectives, secondary metrics.

    `elsewhere` has the names of the trials on the system that ran them, by their numbers; they are a column.

    Where it is wider than `room` characters, it leaves out the parameters that have one value in all rows, then those
    that come last in the sweep file, and notes their number.
    """
    metrics = _shown_metrics(result)
    others = [_outer_cells(trial, metrics) for trial in trials]
    axes = list(result.config.space.axes)
    values = {name: [shown(trial.params[name]) if name in trial.params else "" for trial in trials] for name in axes}
    given = [elsewhere.get(trial.number, "") for trial in trials] if elsewhere else []
    used = sum(map(_width, zip(("trial", "state", *metrics, "time"), *others, strict=True))) + (
        _width((ELSEWHERE_COLUMN, *given)) if given else 0
    )
    names = _fitting(axes, values, room - used)
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="bold", caption_justify="left")
    for name in ("trial", "state", *names, *metrics, "time"):
        table.add_column(name, justify="left" if name == "state" else "right", overflow="fold")
    if given:
        table.add_column(ELSEWHERE_COLUMN, overflow="fold")
    for row, (trial, (number, state, *rest)) in enumerate(zip(trials, others, strict=True)):
        is_best = result.best is not None and trial.number == result.best.number
        cells = (*(values[name][row] for name in names), *rest, *given[row : row + 1])
        table.add_row(number, state, *cells, style="green" if is_best else _style(trial))
    if len(names) < len(axes):
        table.caption = f"{len(axes) - len(names)} of {len(axes)} parameters left out; --json and trials.csv have all"
    return table


def _shown_metrics(result: SweepResult) -> list[str]:
    """Returns the objectives and the secondary metrics, each once."""
    optimization = result.config.optimization
    objectives = [objective.metric for objective in optimization.all_objectives]
    return list(dict.fromkeys([*objectives, *optimization.secondary_metrics]))


def _outer_cells(trial: TrialRecord, metrics: Sequence[str]) -> list[str]:
    """Returns the cells of a trial without its parameters."""
    state = f"{trial.state}: {trial.reason}" if trial.reason else trial.state.value
    values = [f"{trial.metrics[name]:.6g}" if name in trial.metrics else "" for name in metrics]
    return [str(trial.number), state, *values, f"{trial.duration:.1f} s" if trial.state.final else ""]


def _width(cells: Iterable[str]) -> int:
    """Returns the characters of a column with its space."""
    return max(map(len, cells)) + _GAP


def _fitting(axes: Sequence[str], values: Mapping[str, Sequence[str]], room: int) -> Sequence[str]:
    """Returns the parameters that fit: all, or those that vary among the rows, one at least."""
    widths = {name: _width((name, *cells)) for name, cells in values.items()}
    if sum(widths.values()) <= room:
        return axes
    varying = [name for name in axes if len(set(values[name])) > 1] or list(axes)
    ends = list(accumulate(widths[name] for name in varying))
    return varying[: max(1, sum(end <= room for end in ends))]


def overview_table(sweeps: Iterable[SweepOverview | UnreadableSweep]) -> Table:
    """Returns the sweeps as rows; for one that cannot be read, only its state is shown."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("sweep", "type", "state", "complete", "failed", "best", "created"):
        table.add_column(name, no_wrap=name == "sweep", overflow="fold")
    for sweep in sweeps:
        if isinstance(sweep, UnreadableSweep):
            table.add_row(sweep.sweep_id, "", sweep.state)
            continue
        best = "" if sweep.best is None else f"{sweep.objective} {sweep.best:.6g} (trial {sweep.best_trial})"
        done = f"{sweep.complete}/{sweep.trials}"
        failed = str(sweep.failed or "")
        table.add_row(sweep.sweep_id, sweep.sweep_type, sweep.state, done, failed, best, sweep.created)
    return table


def size_text(check: SweepCheck) -> str:
    """Returns the number of points of a space as text."""
    if check.points is not None:
        return f"{check.points} points in the space"
    continuous = any(axis.size is None for axis in check.axes.values())
    return "a continuous space" if continuous else "too many points to count"


def share_text(share: Share) -> str:
    """Returns the part of a space that keeps its constraints as text."""
    if share.exact:
        return f"{share.share:.1%} of the points keep them"
    return (
        f"about {share.share:.0%} of the space keeps them"
        if share.share >= 0.01
        else "less than 1% of the space keeps them"
    )


def axes_table(check: SweepCheck) -> Table:
    """Returns the axes as rows with their parsed values: texts are quoted."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("parameter", "kind", "values"):
        table.add_column(name, overflow="fold")
    for name, axis in check.axes.items():
        table.add_row(name, axis_kind(axis), axis_values(axis))
    return table


def axis_kind(axis: Parameter) -> str:
    """Returns the kind of an axis as text."""
    if isinstance(axis, Choices):
        return "choices" if axis.probabilities is None else "weighted choices"
    kind = ("int" if isinstance(axis.low, int) else "float") + (", log" if axis.log else "")
    return kind if axis.prior is None else f"{kind}, normal around {shown(axis.prior.mean)}"


def axis_values(axis: Parameter) -> str:
    """Returns the values of an axis, or its range and the values that a grid takes from it."""
    if isinstance(axis, Choices):
        return _listed(axis.values)
    step = f" step {text(axis.step)}" if axis.step not in (None, 1) else ""
    return f"{text(axis.low)} to {text(axis.high)}{step}; in a grid: {_listed(axis.grid())}"


def estimate_text(check: SweepCheck) -> str:
    """Returns the estimated time of the sweep as text."""
    if check.estimate is None or check.trial_seconds is None:
        return "not measured"
    if check.failure:
        return f"none: trial 0 failed after {check.trial_seconds:.1f} s: {check.failure}"
    bound = "" if check.ended else "more than "
    whole = f"{check.estimate:.1f} s" if check.estimate < 60 else clock(check.estimate)
    return f"{bound}{whole} on {check.workers} workers (trial 0 took {bound}{check.trial_seconds:.1f} s)"


def settings_notes(config: SweepConfig) -> list[str]:
    """Returns a line for each setting that the sweep type does not use, or whose default follows from the space."""
    sampler, notes = config.optimization.sampler, []
    if config.optimization.halving.budget is not None:
        notes.append(
            f"optimization.n_trials: {config.n_trials}, for a budget of {config.optimization.halving.budget:g}"
        )
    elif config.optimization.n_trials is None and config.n_trials is not None:
        searched = len(config.space.axes)
        notes.append(f"optimization.n_trials: {config.n_trials}, the default for {searched} searched parameters")
    if sampler is not None and not config.rules.sampler:
        notes.append(f"optimization.sampler: {sampler} is not used by sweep_type {config.sweep_type}")
    for word in [] if config.experiment.command is None else texts_of(config.experiment.command):
        if word in _SHELL_WORDS or word.startswith("~/"):
            notes.append(f"experiment.command: no shell is involved: the program is given {word} as it is")
    return notes


def check_json(check: SweepCheck) -> dict[str, object]:
    """Returns a check as plain values for JSON."""
    axes = {
        name: {"kind": axis_kind(axis), "grid": list(islice(axis.grid(), _LISTED_VALUES))}
        for name, axis in check.axes.items()
    }
    return {
        "trials": check.trials,
        "points": check.points,
        "feasible_share": None if check.feasible is None else check.feasible.share,
        "axes": axes,
        "rule": check.rule,
        "workers": check.workers,
        **({"workers_elsewhere": check.workers_elsewhere} if check.workers_elsewhere else {}),
        "trial_seconds": check.trial_seconds,
        "estimate_seconds": check.estimate,
        "estimate_is_lower_bound": not check.ended,
        "failure": check.failure,
        "halving": None if check.plan is None else plan_json(check.plan),
    }


def trial_json(trial: TrialRecord) -> dict[str, object]:
    """Returns a trial as plain values for JSON, its learning curve included."""
    values = asdict(trial)
    replicates = {number: {**asdict(each), "curve": dict(each.curve)} for number, each in trial.replicates.items()}
    curve = [{"step": step, **metrics} for step, metrics in sorted(trial.curve.items())]
    return {**values, "replicates": replicates, "curve": curve}


def _listed(values: Sequence[Value]) -> str:
    shown = [repr(value) if isinstance(value, str) else text(value) for value in values[:_SHOWN_VALUES]]
    rest = f", ... ({len(values)} in all)" if len(values) > _SHOWN_VALUES else ""
    return ", ".join(shown) + rest


def _style(trial: TrialRecord) -> str | None:
    return {TrialState.FAILED: "red", TrialState.PRUNED: "dim"}.get(trial.state)
