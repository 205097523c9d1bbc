"""All numbers of a sweep's report; every surface draws the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.configurations import Configuration, best_configurations
from morphogenetic_engine.reports.analysis.correlation import Correlations, correlations_of
from morphogenetic_engine.reports.analysis.cost import Cost, cost_of
from morphogenetic_engine.reports.analysis.edges import EdgeWarning, edge_warnings
from morphogenetic_engine.reports.analysis.failures import Failures, failures_of
from morphogenetic_engine.reports.analysis.interactions import Interaction, interactions_of
from morphogenetic_engine.reports.analysis.objective_trend import Trend, trend_of
from morphogenetic_engine.reports.analysis.overtuning import Overtuning, overtuning_of
from morphogenetic_engine.reports.analysis.pareto import Pareto, pareto_of
from morphogenetic_engine.reports.analysis.slices import Slice, slices_of
from morphogenetic_engine.reports.analysis.timeline import Timeline, timeline_of
from morphogenetic_engine.reports.analysis.verdict import BestVerdict, verdict_of
from morphogenetic_engine.reports.findings import findings_of
from morphogenetic_engine.reports.importance.importance import Importance, Method, importance_of
from morphogenetic_engine.sweeps.results import SweepResult

TOP = 10


@dataclass(frozen=True)
class Identification:
    """Which sweep this is, and how it was run."""

    sweep_id: str
    sweep_type: str
    created: str
    """Local time, ISO 8601."""
    outcome: str
    """How the last session ended; "unfinished" while it runs, or when it was killed."""
    seed: int
    identity: str
    """The SHA-256 of the configuration."""
    git_commit: str | None
    python: str
    versions: Mapping[str, str]
    workload: str
    """`module:function`, or the program."""
    inputs: Mapping[str, str]
    """The SHA-256 of each file that the trials read, by its path."""
    max_parallel: int
    """The workers of the last session; 0: it never started."""


@dataclass(frozen=True)
class ObjectiveName:
    """What is optimised."""

    metric: str
    direction: str
    """maximize or minimize."""


@dataclass(frozen=True)
class SweepSummary:  # pylint: disable=too-many-instance-attributes  # a report has as many parts
    """Everything that a report says of a sweep."""

    identification: Identification
    objectives: tuple[ObjectiveName, ...]
    """The first one is what tables sort by."""
    parameters: tuple[str, ...]
    """The searched parameters, parents before their dependants."""
    counts: Mapping[str, int]
    """Trials by their state; states without a trial are left out."""
    findings: tuple[str, ...]
    """What was found, in five lines of plain text at most."""
    best: tuple[Configuration, ...]
    """The best configurations, then the baseline where it is not among them."""
    verdict: BestVerdict | None
    """None: no complete trial."""
    overtuning: Overtuning | None
    """None: no complete trial."""
    trend: Trend
    importance: tuple[Importance, ...]
    """One for each objective and method."""
    correlations: Correlations
    interactions: tuple[Interaction, ...]
    """The largest gain first."""
    slices: tuple[Slice, ...]
    edges: tuple[EdgeWarning, ...]
    failures: Failures
    cost: Cost
    timeline: Timeline
    pareto: Pareto | None
    """None: one objective."""


def summarize(
    result: SweepResult,
    *,
    top: int = TOP,
    methods: tuple[Method, ...] = ("PED-ANOVA", "fANOVA"),
    price_per_hour: float | None = None,
) -> SweepSummary:
    """Return the summary of a sweep, finished or not; the same numbers every time.

    `price_per_hour` is that of one worker, in any currency; fANOVA is the one slow method.
    """
    objectives = result.config.optimization.all_objectives
    best = best_configurations(result, top)
    verdict, overtuning = verdict_of(result), overtuning_of(result)
    correlations = correlations_of(result)
    importance = tuple(importance_of(result, each, method) for each in objectives for method in methods)
    edges, failures = edge_warnings(result), failures_of(result)
    cost = cost_of(result, price_per_hour=price_per_hour)
    return SweepSummary(
        identification=_identification(result),
        objectives=tuple(ObjectiveName(each.metric, each.direction.value) for each in objectives),
        parameters=tuple(result.config.space.axes),
        counts={state.value: count for state, count in result.counts.items() if count},
        findings=findings_of(
            result,
            verdict=verdict,
            overtuning=overtuning,
            importance=importance,
            correlations=correlations,
            edges=edges,
            failures=failures,
            cost=cost,
        ),
        best=best,
        verdict=verdict,
        overtuning=overtuning,
        trend=trend_of(result),
        importance=importance,
        correlations=correlations,
        interactions=interactions_of(result),
        slices=slices_of(result),
        edges=edges,
        failures=failures,
        cost=cost,
        timeline=timeline_of(result),
        pareto=pareto_of(result),
    )


def _identification(result: SweepResult) -> Identification:
    info, experiment = result.info, result.config.experiment
    return Identification(
        sweep_id=info.sweep_id,
        sweep_type=result.config.sweep_type,
        created=info.created,
        outcome="unfinished" if result.outcome is None else result.outcome.value,
        seed=result.config.optimization.seed,
        identity=info.identity,
        git_commit=info.git_commit,
        python=info.python,
        versions=dict(info.versions),
        workload=experiment.workload or " ".join(experiment.command or ()),
        inputs={file.path: file.sha256 for file in info.inputs.values()},
        max_parallel=result.sessions[-1].max_parallel if result.sessions else 0,
    )
