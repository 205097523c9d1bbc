"""The rules that an Experiment is checked against before it is sent: each one, broken in a valid Experiment."""

from __future__ import annotations

import copy

import pytest

from morphogenetic_engine.backends.katib.render.admission import check_admission
from morphogenetic_engine.errors import ConfigError
from tests.backends.katib.render.configs import LR, MEDIAN, rendered, sweep

_GOAL = {"early_stopping": {"threshold": 0.9}}
_AXES = {"lr": LR, "act": ["relu", "gelu"], "depth": {"type": "int", "low": 1, "high": 6}}
WHOLE = sweep(_AXES, optimization={**MEDIAN, "secondary_metrics": ["loss"]}, execution=_GOAL)
_GONE = object()
_TEMPLATE = "spec.trialTemplate"
_CONTAINER = f"{_TEMPLATE}.trialSpec.spec.template.spec.containers.0"
_SPACES = [f"spec.parameters.{number}.feasibleSpace" for number in range(3)]
_FILE = "spec.metricsCollectorSpec.source.fileSystemPath"


def broken(path: str, value: object) -> dict[str, object]:
    """Returns an Experiment that is right but for one place."""
    manifest = copy.deepcopy(dict(rendered(WHOLE).manifest))
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: object = manifest
    for step in above:
        place = place[step]  # type: ignore[index]
    if value is _GONE:
        del place[last]  # type: ignore[attr-defined]
    else:
        place[last] = value  # type: ignore[index]
    return manifest


def test_what_is_rendered_keeps_every_rule() -> None:
    check_admission(rendered(WHOLE).manifest)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("spec.paralelTrialCount", 3, "spec: has a key that Katib would drop, but got 'paralelTrialCount'"),
        ("metadata.name", "has.dots", "metadata.name: must be 40 small letters"),
        ("metadata.name", "a" * 41, "metadata.name: must be 40 small letters"),
        ("metadata.name", "good-at-its-start-Only", "metadata.name: must be 40 small letters"),
        ("spec.maxTrialCount", _GONE, "spec.maxTrialCount: must be a whole number >= 1, but got None"),
        ("spec.maxTrialCount", 0, "spec.maxTrialCount: must be a whole number >= 1"),
        ("spec.maxTrialCount", 2**31, "spec.maxTrialCount: must be a whole number >= 1"),
        ("spec.parallelTrialCount", True, "spec.parallelTrialCount: must be a whole number >= 1"),
        ("spec.parallelTrialCount", 31, "spec.parallelTrialCount: must be <= maxTrialCount, which is 30"),
        ("spec.maxFailedTrialCount", -1, "spec.maxFailedTrialCount: must be a whole number >= 0"),
        ("spec.maxFailedTrialCount", 31, "spec.maxFailedTrialCount: must be <= maxTrialCount"),
        ("spec.resumePolicy", "Always", "spec.resumePolicy: must be Never, LongRunning or FromVolume"),
        ("spec.objective.type", "max", "spec.objective.type: must be minimize or maximize"),
        ("spec.objective.objectiveMetricName", "val/acc", "spec.objective: metrics must be letters"),
        ("spec.objective.additionalMetricNames", ["val_acc"], "must differ from the objective and each other"),
        ("spec.objective.additionalMetricNames", ["a", "a"], "must differ from the objective and each other"),
        ("spec.objective.metricStrategies.0.value", "best", "must be min, max or latest"),
        ("spec.objective.goal", float("nan"), "spec.objective.goal: must be a finite number"),
        ("spec.objective.goal", "0.9", "spec.objective.goal: must be a finite number"),
        ("spec.parameters", [], "spec.parameters: must have one parameter at least"),
        ("spec.parameters.1.name", "lr", "spec.parameters[1].name: must differ from the others"),
        ("spec.parameters.1.name", "a}", "spec.parameters[1].name: must be plain text"),
        ("spec.parameters.0.parameterType", "unknown", "must be int, double, categorical or discrete"),
        (f"{_SPACES[0]}.list", ["1"], "feasibleSpace.list: is for categorical and discrete parameters"),
        (f"{_SPACES[0]}.min", 0.001, "feasibleSpace.min: must be the text of a finite number, but got 0.001"),
        (f"{_SPACES[0]}.min", "a", "feasibleSpace.min: must be the text of a number"),
        (f"{_SPACES[0]}.max", "inf", "feasibleSpace.max: must be the text of a finite number"),
        (f"{_SPACES[0]}.min", "1", "feasibleSpace.min: must be <= max, which is 0.03"),
        (f"{_SPACES[0]}.min", "0", "feasibleSpace.min: must be > 0 where the distribution is logUniform"),
        (f"{_SPACES[0]}.distribution", "normal", "feasibleSpace.distribution: must be uniform or logUniform"),
        (f"{_SPACES[0]}.step", "0", "feasibleSpace.step: must be > 0"),
        (f"{_SPACES[2]}.max", "6.5", "feasibleSpace.max: must be the text of a whole number"),
        (f"{_SPACES[1]}.min", "1", "feasibleSpace.min: is for int and double parameters"),
        (f"{_SPACES[1]}.list", [], "feasibleSpace.list: must have values, no two alike"),
        (f"{_SPACES[1]}.list", ["a", "a"], "feasibleSpace.list: must have values, no two alike"),
        (f"{_SPACES[1]}.list", [True], "list: must be a list of texts"),
        (f"{_SPACES[1]}.list", ['say "a"'], "must hold no quote, backslash, dollar sign or line break"),
        ("spec.algorithm.algorithmName", _GONE, "spec.algorithm.algorithmName: must be a name"),
        ("spec.algorithm.algorithmSettings.0.value", 42, "algorithmSettings: must be names and texts"),
        ("spec.earlyStopping.algorithmSettings.0.value", 5, "algorithmSettings: must be names and texts"),
        ("spec.metricsCollectorSpec.collector.kind", "Push", "collector.kind: must be File, but got 'Push'"),
        (f"{_FILE}.path", "metrics.log", "must be an absolute path, kind File, format TEXT"),
        (f"{_FILE}.format", "JSON", "must be an absolute path, kind File, format TEXT"),
        (f"{_TEMPLATE}.success", "true", "has a key that Katib would drop"),
        (f"{_TEMPLATE}.primaryContainerName", "other", "primaryContainerName: must be a container"),
        (f"{_TEMPLATE}.trialParameters.0.name", "act", "must have names without braces, no two alike"),
        (f"{_TEMPLATE}.trialParameters.0.reference", "act", "must refer to every parameter once"),
        (f"{_TEMPLATE}.trialParameters.0", _GONE, "must refer to every parameter once"),
        (f"{_TEMPLATE}.trialSpec.metadata.name", "mine", "must leave name and namespace to Katib"),
        (f"{_CONTAINER}.env.2.value", "${trialParameters.other}", "must have a placeholder for each trial parameter"),
        (f"{_CONTAINER}.env.1.value", "{}", "must have a placeholder for each trial parameter, and no other"),
        (f"{_CONTAINER}.env.2.value", "${trialParameters.lr}", "must have each placeholder once, but got 'lr'"),
        (f"{_CONTAINER}.env.0.value", "x" * 130_000, "must have texts of 120000 bytes at most"),
        (f"{_CONTAINER}.command", ["/bin/sh", "-c"], "must be run by sh -c with one argument"),
        (f"{_CONTAINER}.args", ["( exec a )", "b"], "must be run by sh -c with one argument"),
        (f"{_CONTAINER}.args", ["morphogenetic trial run"], "must be one program in one subshell"),
        (f"{_CONTAINER}.args", ["( exec a )\n"], "must be one program in one subshell"),
        (f"{_CONTAINER}.args", ["( exec a; b )"], "must be one program in one subshell"),
        (f"{_CONTAINER}.args", ["( exec a | tee b )"], "must be one program in one subshell"),
    ],
)
def test_a_broken_rule_is_named(path: str, value: object, line: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_admission(broken(path, value))
    assert line in str(error.value) and "\n" not in str(error.value)
