"""The rungs of a halving as a table: the number of configurations and steps at each rung, and their cost."""

from __future__ import annotations

from rich.table import Table

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.halving_plan import HalvingPlan


def rungs_table(plan: HalvingPlan) -> Table:
    """Builds a table with a row for each rung and a column for each bracket."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("rung")
    table.add_column("steps", justify="right")
    for place, bracket in enumerate(plan.brackets, start=1):
        last = bracket.end - 1
        table.add_column(f"bracket {place}: trials {bracket.first}-{last}", justify="right")
    table.add_column("full trainings", justify="right")
    for rung, (below, reports) in enumerate(zip((0, *plan.rungs), plan.rungs, strict=False)):
        sizes = [str(bracket.sizes[rung]) for bracket in plan.brackets]
        cost = plan.reaching(rung) * (reports - below) / plan.full
        table.add_row(str(rung + 1), str(reports), *sizes, f"{cost:.1f}")
    return table


def cost_text(plan: HalvingPlan) -> str:
    """Returns the cost of the plan as text."""
    trials, cost = plan.trials, plan.cost
    return (
        f"{trials} configurations for {cost:.1f} full trainings ({plan.steps} steps);"
        f" {plan.reaching(plan.top)} reach the full length"
    )


def halving_notes(config: SweepConfig, plan: HalvingPlan | None) -> list[str]:
    """Returns a line for each consequence of the halving's settings that may be unexpected."""
    optimization = config.optimization
    if optimization.strategy is None:
        return []
    if optimization.strategy == "pbt":
        pbt, trials = optimization.pbt, optimization.n_trials or 1
        members, generations = pbt.members(trials), pbt.generations(trials)
        ends = "the last one to the end" if pbt.full is not None else "the last one too"
        return [
            f"optimization.pbt: {members} members, {generations} generations of {pbt.length(trials)} reports, {ends};"
            f" {', '.join(pbt.change)} may change"
        ]
    if optimization.strategy == "asha":
        rungs = optimization.halving.plan(1, optimization.halving.full or 1, learns=False).rungs
        steps = ", ".join(map(str, rungs[:-1])) or "none"
        return [f"optimization.strategy: asha compares at {steps} of {rungs[-1]} steps; its cost follows from results"]
    notes = []
    if optimization.halving.full is None:
        length = "unknown" if plan is None else f"{plan.full} reports, those of trial 0"
        notes.append(
            f"optimization.halving.full: not given ({length}); the first complete trial runs alone and gives it"
        )
    if plan is not None and plan.top == 0:
        notes.append(f"optimization.halving: {plan.full} reports leave no room for a rung; every trial runs to its end")
    if config.execution.early_stopping is not None or optimization.budget is not None:
        notes.append("execution.early_stopping and optimization.budget are judged when a bracket has ended")
    return notes


def plan_json(plan: HalvingPlan) -> dict[str, object]:
    """Returns a plan as plain values for JSON."""
    brackets = [{"first": each.first, "sizes": list(each.sizes)} for each in plan.brackets]
    return {"eta": plan.eta, "rungs": list(plan.rungs), "brackets": brackets, "full_trainings": plan.cost}
