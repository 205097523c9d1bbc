"""Looks up, lists and ends runs."""

from collections.abc import Callable, Iterator, Sequence

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.steps.pipeline_run import RUN_LABEL
from pipelines.client.api_errors import ServerBusy, ServerFailed
from pipelines.client.progress import run_words
from pipelines.client.runs import Run
from pipelines.client.server import PipelinesServer


def find_run(server: PipelinesServer, experiment: str, wanted: str) -> Run:
    """Returns the run with an id or a name; of several with the same name, the live one, else the latest.

    Raises:
        ConfigError: there is none; the message says how to find an Experiment that a deleted run may have left.
        StoreError: the server refuses, or cannot be reached.
    """
    folder = server.known_experiment(experiment)
    named = server.runs(folder, wanted) if folder else []
    if named:
        return next((run for run in named if not run.state.final), named[0])
    try:
        return server.run(wanted)
    except (ServerBusy, ServerFailed):
        raise
    except StoreError as error:
        raise ConfigError(
            f"{error}; the Experiment of a run that was deleted may be left: kubectl delete experiments"
            f" --namespace NAMESPACE --selector {RUN_LABEL}={wanted}"
        ) from error


def stop(server: PipelinesServer, run: Run) -> None:
    """Ends a run; its exit task collects the results and ends the Experiment.

    Raises:
        StoreError: the server refuses, or cannot be reached.
    """
    server.stop(run.run_id)


def run_lines(runs: Sequence[Run], link: Callable[[str], str]) -> Iterator[str]:
    """Yields a line for each run: its state, its start and its address."""
    for run in runs:
        since = f"{run.created:%Y-%m-%d %H:%M} UTC" if run.created else "just now"
        ended = f", ended {run.finished:%Y-%m-%d %H:%M} UTC" if run.finished and run.state.final else ""
        yield f"{run.name}: {run_words(run)}, since {since}{ended}"
        yield from (f"  {name}: {value}" for name, value in _places(run, link) if value)


def _places(run: Run, link: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    namespace = run.parameters.get("namespace", "")
    yield "what", run.description
    yield "run", link(run.run_id)
    yield "report", run.report
    yield "experiment", f"{namespace}/{run.experiment}" if namespace and run.experiment else run.experiment
