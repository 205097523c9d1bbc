"""Detects cached artifacts that are missing in the store, and starts a new generation of the cache.

The cache of Kubeflow Pipelines stores the addresses of a step's outputs, but does not check that they exist: after a
bucket's lifecycle rule has deleted them, every run that uses the cached step fails. A parameter of the cached steps
identifies the generation of the cache; a new one begins when the artifacts of an earlier run are gone."""

from collections.abc import Callable, Sequence

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import Store, open_store
from pipelines.client.runs import Run, RunState

MOST_RUNS = 50
"""The number of latest runs to check."""
_PATIENCE_SECONDS = 5.0
_DIGITS = 8

Tell = Callable[[str], object]


def cache_generation(runs: Sequence[Run], pipeline: str, artifacts: str, tell: Tell) -> str:
    """Returns the generation of the cache that a run of a pipeline belongs to; "" is the first.

    `runs` are those of the pipeline's experiment, the latest first; `tell` receives a line about missing artifacts.
    """
    earlier = [run for run in runs if run.pipeline == pipeline and run.state is RunState.SUCCEEDED][:MOST_RUNS]
    if not earlier:
        return ""
    try:
        store = open_store(artifacts, patience=_PATIENCE_SECONDS)
        gone = next((run for run in earlier if not _is_there(store, pipeline, run)), None)
    except StoreError as error:
        tell(
            f"whether the cached artifacts are still there is not known ({error}); if a bucket's rule deletes them,"
            " use --no-cache"
        )
        return ""
    if gone is None:
        return ""
    tell(f"the artifacts of run {gone.run_id} are missing in {artifacts}: earlier cached steps run again")
    return gone.run_id[:_DIGITS]


def _is_there(store: Store, pipeline: str, run: Run) -> bool:
    return bool(store.list(f"{pipeline}/{run.run_id}"))
