"""Shows the result of `sweep ensemble`: the members, both splits, and the conclusion."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from morphogenetic_engine.sweeps.ensemble.ensemble_file import EnsembleInfo
from morphogenetic_engine.sweeps.record.folder import SweepFolder

_CLEAR = 0.05
"""The p-value below which a difference on the test split is called clear."""


def print_ensemble(console: Console, info: EnsembleInfo, folder: SweepFolder) -> None:
    """Prints the ensemble of a sweep and the result of its check."""
    console.print(members_table(info))
    console.print()
    console.print(splits_table(info))
    lines = [diversity_text(info), verdict(info)]
    if info.left_out:
        place, why = next(iter(info.left_out.items()))
        lines.append(f"left out: {len(info.left_out)} without a whole model, the first is {place} ({why})")
    lines.append(f"saved: {folder.ensemble}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def members_table(info: EnsembleInfo) -> Table:
    """Returns the members as rows: their share, and the value of each alone."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("trial", "weight", "validation", "test"):
        table.add_column(name, justify="right")
    for member in info.members:
        name = str(member.trial) if member.replicate is None else f"{member.trial}, replicate {member.replicate}"
        table.add_row(name, f"{member.weight:.3g}", f"{member.validation_accuracy:.4f}", f"{member.test_accuracy:.4f}")
    return table


def splits_table(info: EnsembleInfo) -> Table:
    """Returns the two splits as rows: the ensemble beside the best single model."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("split", "samples", "ensemble", f"trial {info.best_single}", ""):
        table.add_column(name, justify="left" if name in ("split", "") else "right")
    rows = (
        ("validation", info.validation, f"selected among {info.models} models: biased upwards"),
        ("test", info.test, "not used for selection"),
    )
    for name, check, note in rows:
        table.add_row(name, str(check.samples), f"{check.ensemble:.4f}", f"{check.best_single:.4f}", note)
    return table


def diversity_text(info: EnsembleInfo) -> str:
    """Returns a sentence on the diversity of the members."""
    if info.disagreement is None:
        return "diversity: none, one model alone was best on the validation split"
    q_text = "" if info.q_statistic is None else f", Q statistic {info.q_statistic:.2f} (1: wrong on the same samples)"
    return f"diversity: two members disagree on {info.disagreement:.1%} of the test samples on average{q_text}"


def verdict(info: EnsembleInfo) -> str:
    """Returns the results of the ensemble and of the best single model on the test split."""
    test = info.test
    counts = (
        f"right on {test.gained} test samples that trial {info.best_single} has wrong, wrong on {test.lost} that it"
    )
    if test.p_value >= _CLEAR:
        said = "no clear difference"
    else:
        said = "the ensemble is better" if test.gained > test.lost else "the single model is better"
    return f"{said}: the ensemble is {counts} has right (McNemar's exact test, p = {test.p_value:.2g})"
