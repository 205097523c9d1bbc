"""Defines the pipelines: sweep -> train the best -> evaluate -> report, and a report also after a failure."""

# pylint: disable=no-value-for-parameter  # kfp supplies the outputs of components
from kfp import dsl

from components.evaluate.component import evaluate
from components.failure_report.component import failure_report
from components.local_sweep.component import local_sweep
from components.report.component import report
from components.sweep.component import sweep
from components.train.component import train
from morphogenetic_engine.steps.candidate import BASELINE
from pipelines.deadlines import run_seconds
from pipelines.plan import Pipeline, Plan
from pipelines.pods import check_environment, exit_pod, light_pod, sweep_pod, training_pod, waiting_pod
from pipelines.titles import TITLES

DESCRIPTIONS = {
    Pipeline.SWEEP: "A hyperparameter sweep on Katib; its best trial trained, evaluated and reported.",
    Pipeline.SMOKE: "A tiny sweep on Katib: does everything work together?",
    Pipeline.LOCAL_SWEEP: "A hyperparameter sweep inside one pod; its best trial trained, evaluated and reported.",
}


def definition(plan: Plan) -> dsl.base_component.BaseComponent:
    """Returns the pipeline of a plan, ready to be compiled or run.

    Raises:
        ConfigError: the configuration is too large for a parameter, or Argo would change its environment.
    """
    check_environment(plan.config)
    limits = dsl.PipelineConfig(active_deadline_seconds=run_seconds(plan))

    @dsl.pipeline(name=plan.name, description=DESCRIPTIONS[plan.pipeline], pipeline_config=limits)
    def pipeline(  # pylint: disable=unused-argument,too-many-positional-arguments  # target and trials are for display
        config: str = plan.config_text,
        name: str = plan.sweep_name,
        target: str = plan.target,
        trials: str = plan.trials,
        image: str = plan.images.train,
        storage: str = plan.store.address,
        namespace: str = plan.namespace,
    ) -> None:
        # a placeholder stands alone: inside a longer text the cluster would leave it as it is
        run = {"run_id": dsl.PIPELINE_JOB_ID_PLACEHOLDER, "name": name, "storage": storage}
        ending = failure_report(**run, namespace=namespace, on_katib=plan.on_katib)
        _uncached(exit_pod(ending, plan)).set_display_name(TITLES["failure-report"])
        with dsl.ExitHandler(ending, name="sweep and report"):
            swept = _sweep(plan, config, run, image, namespace)
            best = _training(plan, config, swept.outputs["Output"]).set_display_name(TITLES["train"])
            baseline = None
            if plan.config.baseline is not None:
                baseline = _training(plan, config, BASELINE).set_display_name(TITLES["train-2"])
            evaluated = _evaluate(plan, best, baseline).set_display_name(TITLES["evaluate"])
            written = report(
                **run, sweep_folder=swept.outputs["sweep_folder"], evaluation=evaluated.outputs["evaluation"]
            )
            _uncached(light_pod(written, plan)).set_display_name(TITLES["report"])

    return pipeline


def _sweep(plan: Plan, config: object, run: dict[str, object], image: object, namespace: object) -> dsl.PipelineTask:
    if plan.on_katib:
        workflow = dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER
        started = sweep(config=config, **run, workflow=workflow, namespace=namespace, image=image)
        return _uncached(waiting_pod(started, plan)).set_display_name(TITLES["sweep"])
    started = local_sweep(config=config, **run, compiled_for=plan.compiled_for)
    return _uncached(sweep_pod(started, plan)).set_display_name(TITLES["local-sweep"])


def _training(plan: Plan, config: object, candidate: object) -> dsl.PipelineTask:
    task = train(
        config=config, candidate=candidate, compiled_for=plan.compiled_for, cache_generation=plan.cache_generation
    )
    return _cached(training_pod(task, plan), plan)


def _evaluate(plan: Plan, best: dsl.PipelineTask, baseline: dsl.PipelineTask | None) -> dsl.PipelineTask:
    models = {"model": best.outputs["model"], "cache_generation": plan.cache_generation}
    if baseline is not None:
        models["baseline"] = baseline.outputs["model"]
    return _cached(light_pod(evaluate(**models), plan).set_container_image(plan.images.train), plan)


def _cached(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Enables the cache for a task if its images never change: a tag may have moved."""
    return task.set_caching_options(plan.caches)


def _uncached(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """Disables the cache for a task that has side effects, or depends on more than its inputs."""
    return task.set_caching_options(False)
