"""Checks an Experiment before its first trial: that the service gives it the trials of the local sweep."""

from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.backends.katib.render.exact_values import exact_parameters
from morphogenetic_engine.backends.katib.render.local_search import check_servable, most_parallel
from morphogenetic_engine.backends.katib.render.places import katib_places
from morphogenetic_engine.backends.katib.render.sent_course import katib_metrics
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep, sweep_of_settings
from morphogenetic_engine.backends.katib.service.request import Code, Experiment, Refusal
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import encoded
from morphogenetic_engine.sweeps.search.registry import strategy_of


def check_settings(experiment: Experiment) -> Refusal | None:
    """Returns why an Experiment cannot run; None: it can."""
    try:
        sweep = sweep_of_settings(experiment.settings)
        check_servable(sweep.config)
        strategy_of(sweep.config, sweep.known)
        trials = katib_places(sweep.config, sweep.slots)
    except ConfigError as error:
        return Refusal(Code.INVALID_ARGUMENT, str(error))
    broken = next(_broken(experiment, sweep, trials), None)
    return None if broken is None else Refusal(Code.INVALID_ARGUMENT, broken)


def _broken(experiment: Experiment, sweep: SentSweep, trials: int) -> Iterator[str]:
    """Yields the rules that the Experiment breaks."""
    spec, config = experiment.spec, sweep.config
    most = most_parallel(config)
    if most is not None and spec.parallel_trial_count > most:
        yield (
            f"parallelTrialCount: must be <= {most}, the sweep's optimization.lookahead, but got"
            f" {spec.parallel_trial_count}"
        )
    if spec.parallel_trial_count > sweep.slots:
        yield f"parallelTrialCount: must be <= {sweep.slots}, as rendered, but got {spec.parallel_trial_count}"
    if spec.max_trial_count != trials:
        yield f"maxTrialCount: must be {trials}, the sweep's number of trials, but got {spec.max_trial_count}"
    target, *others = map(encoded, katib_metrics(config))
    direction = config.optimization.direction.value.upper()
    objective = spec.objective
    if (objective.objective_metric_name, objective.type) != (target, direction):
        got = f"{objective.type.lower()} {objective.objective_metric_name}"
        yield f"objective: must {direction.lower()} {target}, but got {got}"
    if set(objective.additional_metric_names) != set(others):
        yield f"objective.additionalMetricNames: must be {', '.join(others) or 'empty'}"
    names = [each.name for each in exact_parameters(config)]
    if sorted(experiment.parameters) != sorted(names):
        yield f"parameters: must be {', '.join(names)}, but got {', '.join(experiment.parameters)}"
