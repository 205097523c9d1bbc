"""Promotion: the best trial's model becomes a registered version under an alias, if it is good enough.

If the sweep was confirmed, the best trial is chosen by its results on fresh seeds, because the search's own value of
its winner is biased upwards. Two rules reject a worse model: a threshold, and the comparison with the model that has
the alias now. Values of another metric or of other data are not comparable, so they never justify a promotion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sinks.mlflow.client import TrackingServer, quiet_mlflow
from morphogenetic_engine.sinks.mlflow.model_files import TrialModel, trial_model, write_model
from morphogenetic_engine.sinks.mlflow.model_registry import ModelRegistry, Version
from morphogenetic_engine.sinks.mlflow.publisher import REQUEST_SECONDS, publish
from morphogenetic_engine.sinks.mlflow.runs import TAG
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri
from morphogenetic_engine.sweeps.confirm.confirmation import best_confirmed
from morphogenetic_engine.sweeps.record.averages import mean_of
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,99}")
_ALIAS = re.compile(r"(?!(?i:latest|v\d+)$)[A-Za-z][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class _Best:
    """The trial whose model may be promoted, and its value."""

    trial: TrialRecord
    value: float
    judged: str
    """Describes the value: the objective, its direction, and the runs that it was measured on."""
    shown: str


@dataclass(frozen=True)
class Promotion:
    """The result of a promotion."""

    promoted: bool
    reason: str
    """The message for the user: the promoted version, or the reason that nothing was promoted."""
    version: str = ""
    """The version that has the alias now; "" where nothing was promoted and none had it."""


def promote(
    folder: SweepFolder,
    *,
    name: str,
    alias: str,
    threshold: float | None = None,
    force: bool = False,
    uri: str | None = None,
) -> Promotion:
    """Registers the best trial's model under the alias, if it is no worse than the threshold and the current holder.

    The sweep is published first. `threshold` bounds the objective, from below if it is maximised. `force` skips
    the comparison with the holder, but not the threshold. A second call registers nothing again.

    Raises:
        ConfigError: the name or alias is invalid, or mlflow is not installed.
        SweepError: no trial is complete, or the best one has no model.
        WorkloadError: the workload does not say how its models are used.
        StoreError: the server cannot be reached or refuses.
    """
    _check("name", name, _NAME, "letters, digits, spaces, '_', '.' and '-'")
    _check("alias", alias, _ALIAS, "letters, digits, '_' and '-' (not latest or v1)")
    result = read_result(folder, keep_curves=False)
    if not result.ranked:
        raise SweepError(f"sweep {folder.sweep_id}: no trial is {result.rankable}, so there is no model to promote")
    best, rule = _best(result), result.config.optimization
    if threshold is not None and rule.direction.better(threshold, best.value):
        return Promotion(False, f"{best.shown} is worse than the threshold {threshold:g}")
    model = trial_model(folder, result, best.trial)
    address = uri or tracking_uri(result.config.tracking, folder.path.parent)
    tags = _tags(result, best, model)
    with quiet_mlflow(REQUEST_SECONDS):
        registry = ModelRegistry(address)
        holder = registry.holder(name, alias)
        if holder is not None and holder.tags.items() >= _identity(tags).items():
            return Promotion(True, f"{best.shown} is {alias} already", holder.number)
        objection = "" if force or holder is None else _objection(tags, holder, rule)
        if holder is not None and objection:
            return Promotion(False, f"{best.shown} {objection}; --force promotes it nevertheless", holder.number)
        version = registry.find(name, _identity(tags))
        if version is None:
            with _files(model) as files:
                version = registry.register(name, _run_of(folder, best.trial, uri), files, tags)
        registry.point(name, alias, version)
    return Promotion(True, f"{best.shown} is {alias} now", version.number)


def _best(result: SweepResult) -> _Best:
    rule = result.config.optimization
    judged, metric = f"{rule.direction} {rule.target_metric}", rule.target_metric
    confirmed = best_confirmed(result)
    if confirmed is not None:
        trial, values = confirmed
        mean = mean_of(values)
        shown = f"trial {trial.number} with {metric}={mean:g} (mean of {len(values)} fresh seeds)"
        return _Best(trial, mean, f"{judged} over fresh seeds", shown)
    best = result.ranked[0]
    value = best.metrics[metric]
    return _Best(best, value, f"{judged} in the search", f"trial {best.number} with {metric}={value:g}")


@contextmanager
def _files(model: TrialModel) -> Iterator[Path]:
    with TemporaryDirectory(prefix="promotion-") as scratch:
        files = Path(scratch) / "model"
        write_model(model, files)
        yield files


def _run_of(folder: SweepFolder, best: TrialRecord, uri: str | None) -> str:
    """Publishes what is not yet published of the sweep, and returns the run of its best trial."""
    sent = publish(folder, uri=uri)
    config = folder.read_info().config.tracking
    server = TrackingServer(uri or tracking_uri(config, folder.path.parent))
    if not server.enter_experiment_of(sent.run_id):
        raise SweepError(f"sweep {folder.sweep_id}: its run in MLflow was deleted")
    runs = [run for run in server.trials(sent.run_id, best.number) if run.attempt == best.attempt]
    return runs[0].run_id


def _objection(tags: Mapping[str, str], holder: Version, rule: OptimizationConfig) -> str:
    """Returns the reason not to move the alias, or ""."""
    if _trial(holder.tags) == _trial(tags):
        return ""
    present = f"version {holder.number}, which has the alias"
    if holder.tags.get(f"{TAG}data") != tags[f"{TAG}data"]:
        return f"cannot be compared with {present}: that was judged by other data"
    judged = holder.tags.get(f"{TAG}judged")
    if judged != tags[f"{TAG}judged"]:
        return f"cannot be compared with {present}: that was judged by {judged or 'something else'}"
    theirs, ours = float(holder.tags[f"{TAG}value"]), float(tags[f"{TAG}value"])
    if rule.direction.better(theirs, ours):
        return f"is worse than {present}: {rule.target_metric}={theirs:g}"
    return ""


def _tags(result: SweepResult, best: _Best, model: TrialModel) -> dict[str, str]:
    return {
        f"{TAG}sweep_id": result.info.sweep_id,
        f"{TAG}sweep_created": result.info.created,
        f"{TAG}trial": str(best.trial.number),
        f"{TAG}judged": best.judged,
        f"{TAG}value": repr(best.value),
        f"{TAG}data": model.data,
    }


def _identity(tags: Mapping[str, str]) -> dict[str, str | None]:
    """Returns the tags that identify the version of a trial; after a confirmation they differ."""
    return _trial(tags) | {f"{TAG}{key}": tags[f"{TAG}{key}"] for key in ("judged", "value")}


def _trial(tags: Mapping[str, str]) -> dict[str, str | None]:
    return {f"{TAG}{key}": tags.get(f"{TAG}{key}") for key in ("sweep_id", "sweep_created", "trial")}


def _check(what: str, given: str, allowed: re.Pattern[str], words: str) -> None:
    if allowed.fullmatch(given) is None:
        raise ConfigError(f"--{what}: must be {words}, 100 at most, but got {given!r}")
