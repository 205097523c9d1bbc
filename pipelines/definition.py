"""What is run after what: sweep -> train the best -> evaluate -> report, and a report also after a failure."""

# pylint: disable=no-value-for-parameter  # kfp supplies the outputs of components
from kfp import dsl

from components.evaluate.component import evaluate
from components.failure_report.component import failure_report
from components.local_sweep.component import local_sweep
from components.report.component import report
from components.sweep.component import sweep
from components.train.component import train
from morphogenetic_engine.steps.candidate import BASELINE
from pipelines.pods import light_pod, training_pod, trial_pod
from pipelines.plan import Pipeline, Plan

DESCRIPTIONS = {
    Pipeline.SWEEP: "A hyperparameter sweep on Katib; its best trial trained, evaluated and reported.",
    Pipeline.SMOKE: "A tiny sweep on Katib: does everything work together?",
    Pipeline.LOCAL_SWEEP: "A hyperparameter sweep inside one pod; its best trial trained, evaluated and reported.",
}


def definition(plan: Plan) -> dsl.base_component.BaseComponent:
    """Return the pipeline of a plan, ready to be compiled or run."""

    @dsl.pipeline(name=plan.name, description=DESCRIPTIONS[plan.pipeline])
    def pipeline(
        config: str = plan.config_text, storage: str = plan.store.address, namespace: str = plan.namespace
    ) -> None:
        # a placeholder stands alone: inside a longer text the cluster would leave it as it is
        run_id = dsl.PIPELINE_JOB_ID_PLACEHOLDER
        ending = failure_report(run_id=run_id, storage=storage)
        _uncached(light_pod(ending, plan))
        with dsl.ExitHandler(ending, name="sweep and report"):
            swept = _sweep(plan, config, run_id, storage, namespace)
            best = _cached(training_pod(train(config=config, candidate=swept.outputs["Output"]), plan), plan)
            best.set_display_name("train the best")
            baseline = None
            if plan.config.baseline is not None:
                baseline = _cached(training_pod(train(config=config, candidate=BASELINE), plan), plan)
                baseline.set_display_name("train the defaults")
            evaluated = _evaluate(plan, best, baseline)
            written = report(
                run_id=run_id,
                storage=storage,
                sweep=swept.outputs["sweep"],
                evaluation=evaluated.outputs["evaluation"],
            )
            _uncached(light_pod(written, plan))

    return pipeline


def _sweep(plan: Plan, config: object, run_id: str, storage: object, namespace: object) -> dsl.PipelineTask:
    if plan.pipeline is Pipeline.LOCAL_SWEEP:
        return _uncached(trial_pod(local_sweep(config=config, run_id=run_id, storage=storage), plan))
    started = sweep(config=config, run_id=run_id, storage=storage, namespace=namespace, image=plan.images.train)
    return _uncached(light_pod(started, plan))


def _evaluate(plan: Plan, best: dsl.PipelineTask, baseline: dsl.PipelineTask | None) -> dsl.PipelineTask:
    models = {"model": best.outputs["model"]}
    if baseline is not None:
        models["baseline"] = baseline.outputs["model"]
    return _cached(light_pod(evaluate(**models), plan).set_container_image(plan.images.train), plan)


def _cached(task: dsl.PipelineTask, plan: Plan) -> dsl.PipelineTask:
    """Take a task's outputs from the cache where its inputs and its code are the same: a tag may have moved."""
    return task.set_caching_options(plan.images.fixed)


def _uncached(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """Run a task each time: it does something out in the world, or its inputs do not say all that it looks at."""
    return task.set_caching_options(False)
