"""Writes small Markdown tables, which the Kubeflow UI renders; of a CSV file it shows only the first bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.trained.learning_curve import Curve, write_curve
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import text

MOST_TRIALS = 200
MOST_STEPS = 50
_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>|~$"})


def trials_table(result: SweepResult, katib_names: Mapping[int, str]) -> str:
    """Returns the trials of a sweep, the best first; with their names in Katib if they ran there."""
    target = result.config.optimization.target_metric
    others = [trial for trial in result.trials if trial.state is not TrialState.COMPLETE]
    shown = [*result.ranked, *others][:MOST_TRIALS]
    names = list(result.config.space.axes)
    heads = ["trial", *(["in Katib"] if katib_names else []), "state", target, *names]
    rows = [_trial_row(trial, target, names, katib_names) for trial in shown]
    left = len(result.trials) - len(shown)
    note = f"\n{left} more trials are in the artifact `trials` and in the report.\n" if left else ""
    return _table(heads, rows) + note


def curve_table(curve: Curve) -> str:
    """Returns a learning curve; a long one is thinned, but keeps its last step."""
    steps = sorted(curve)
    every = -(-len(steps) // MOST_STEPS) if steps else 1
    shown = steps[::-1][::every][::-1]
    names = list(dict.fromkeys(name for metrics in curve.values() for name in metrics))
    if not shown:
        return "The workload reported no steps.\n"
    note = f"\nEvery {every}th of {len(steps)} steps; all of them are in the artifact `learning_curve`.\n"
    rows = [[str(step), *(_number(curve[step].get(name)) for name in names)] for step in shown]
    return _table(["step", *names], rows) + (note if every > 1 else "")


def write_curves(curve: Curve, file: Path, table: Path | None) -> None:
    """Writes a learning curve as CSV, and if a path is given also as a Markdown table.

    Raises:
        StoreError: a file cannot be written.
    """
    write_curve(file, curve)
    if table is not None:
        write_markdown(table, curve_table(curve))


def write_markdown(path: Path, written: str) -> None:
    """Writes a table.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _trial_row(trial: TrialRecord, target: str, names: Sequence[str], katib_names: Mapping[int, str]) -> Sequence[str]:
    values = [text(trial.params[name]) if name in trial.params else "" for name in names]
    in_katib = [katib_names.get(trial.number, "")] if katib_names else []
    return [str(trial.number), *in_katib, str(trial.state), _number(trial.metrics.get(target)), *values]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_cell(each) for each in line)} |\n" for line in lines)


def _cell(written: str) -> str:
    return written if written == "---" else " ".join(written.translate(_SPECIAL).split())
