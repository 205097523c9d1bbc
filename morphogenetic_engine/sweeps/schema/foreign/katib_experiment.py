"""Hand-written Katib Experiments (kubeflow.org/v1beta1) as sections of a sweep file."""

from __future__ import annotations

import math
import re

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.schema.foreign.migration import Migration, Written, items, mapping, number

_ALGORITHMS: dict[str, tuple[str, dict[str, object]]] = {
    "grid": ("grid", {}),
    "random": ("random", {}),
    "sobol": ("sobol", {}),
    "tpe": ("bayesian", {"sampler": "TPE"}),
    "multivariate-tpe": ("bayesian", {"sampler": "TPE", "sampler_options": {"multivariate": True}}),
    "cmaes": ("bayesian", {"sampler": "CmaEs"}),
    "bayesianoptimization": ("bayesian", {"sampler": "GP"}),
    "hyperband": ("bayesian", {"sampler": "Random", "pruner": "HyperbandPruner"}),
}
_SPEC = frozenset(
    {
        "objective",
        "algorithm",
        "parameters",
        "parallelTrialCount",
        "maxTrialCount",
        "maxFailedTrialCount",
        "earlyStopping",
        "metricsCollectorSpec",
        "trialTemplate",
    }
)
_SETTINGS = {
    "random_state": "seed",
    "n_startup_trials": "n_startup_trials",
    "n_ei_candidates": "n_ei_candidates",
    "popsize": "popsize",
}
_RESOURCES = {"cpu": "cpu", "memory": "memory", "nvidia.com/gpu": "gpu"}


def is_katib(written: Written) -> bool:
    """Returns whether a mapping is a Katib Experiment."""
    return written.get("kind") == "Experiment" and str(written.get("apiVersion", "")).startswith("kubeflow.org/")


def from_katib(written: Written) -> Migration:
    """Converts a Katib Experiment.

    Raises:
        ConfigError: a value of the file does not have the form that Katib documents.
    """
    spec = mapping(written.get("spec"), "spec")
    migration = Migration()
    migration.note_unknown(spec, _SPEC, "spec.")
    _algorithm(migration, mapping(spec.get("algorithm"), "spec.algorithm"))
    for index, each in enumerate(items(spec.get("parameters"), "spec.parameters")):
        _parameter(migration, mapping(each, f"spec.parameters[{index}]"), f"spec.parameters[{index}]")
    _objective(migration, mapping(spec.get("objective"), "spec.objective"))
    if "maxTrialCount" in spec:
        migration.optimization["n_trials"] = int(number(spec["maxTrialCount"], "spec.maxTrialCount"))
    if "parallelTrialCount" in spec:
        migration.execution["max_parallel"] = int(number(spec["parallelTrialCount"], "spec.parallelTrialCount"))
    if "maxFailedTrialCount" in spec:
        migration.note("spec.maxFailedTrialCount", f"is `--max-failed {spec['maxFailedTrialCount']}` of `sweep submit`")
    migration.require_trials("spec.maxTrialCount")
    _early_stopping(migration, mapping(spec.get("earlyStopping"), "spec.earlyStopping"))
    _template(migration, mapping(spec.get("trialTemplate"), "spec.trialTemplate"))
    _collector(migration, mapping(spec.get("metricsCollectorSpec"), "spec.metricsCollectorSpec"))
    return migration


def _algorithm(migration: Migration, algorithm: dict[str, object]) -> None:
    name = str(algorithm.get("algorithmName", "random"))
    if name not in _ALGORITHMS:
        migration.note("spec.algorithm.algorithmName", f"{name} has no counterpart; TPE searches instead")
    migration.sweep_type, options = _ALGORITHMS.get(name, ("bayesian", {"sampler": "TPE"}))
    migration.optimization |= options
    if name == "hyperband":
        migration.note("spec.algorithm.algorithmName", "hyperband is a random search that HyperbandPruner cuts short")
    for setting, value in _settings(algorithm, "spec.algorithm.algorithmSettings").items():
        _setting(migration, name, setting, value)


def _setting(migration: Migration, algorithm: str, setting: str, value: object) -> None:
    where = f"spec.algorithm.algorithmSettings.{setting}"
    if algorithm == "hyperband" and setting == "eta":
        migration.optimization["pruner_options"] = {"reduction_factor": int(number(value, where))}
    elif setting == "random_state":
        migration.optimization["seed"] = int(number(value, where))
    elif setting in _SETTINGS and migration.sweep_type == "bayesian":
        options = mapping(migration.optimization.get("sampler_options"), where)
        migration.optimization["sampler_options"] = {**options, _SETTINGS[setting]: number(value, where)}
    else:
        migration.note(where, "has no counterpart and is left out")


def _settings(written: dict[str, object], where: str) -> dict[str, object]:
    found = [mapping(each, where) for each in items(written.get(where.rpartition(".")[2]), where)]
    return {str(each.get("name")): each.get("value") for each in found}


def _parameter(migration: Migration, parameter: dict[str, object], where: str) -> None:
    name, kind = str(parameter.get("name")), str(parameter.get("parameterType"))
    space = mapping(parameter.get("feasibleSpace"), f"{where}.feasibleSpace")
    listed = items(space.get("list"), f"{where}.feasibleSpace.list")
    if kind == "categorical":
        migration.parameters[name] = [str(each) for each in listed]
    elif kind == "discrete":
        migration.parameters[name] = [number(each, f"{where}.feasibleSpace.list") for each in listed]
    elif kind in {"double", "int"}:
        migration.parameters[name] = _range(migration, where, kind, space)
    else:
        raise ConfigError(f"{where}.parameterType: must be double, int, discrete or categorical, but got {kind}")


def _range(migration: Migration, where: str, kind: str, space: dict[str, object]) -> dict[str, object]:
    ends = {
        ours: number(space.get(end), f"{where}.feasibleSpace.{end}") for ours, end in (("low", "min"), ("high", "max"))
    }
    found: dict[str, object] = {"type": "int" if kind == "int" else "float", **ends}
    distribution = str(space.get("distribution", "uniform"))
    if distribution in {"logUniform", "logNormal"}:
        found["log"] = True
    if distribution in {"normal", "logNormal"}:
        found |= _normal(float(ends["low"]), float(ends["high"]), log=distribution == "logNormal")
    elif distribution not in {"uniform", "unknown", "logUniform"}:
        migration.note(f"{where}.feasibleSpace.distribution", f"{distribution} has no counterpart; searched evenly")
    if "step" in space:
        found["step"] = number(space["step"], f"{where}.feasibleSpace.step")
    return found


def _normal(low: float, high: float, *, log: bool) -> dict[str, object]:
    """Returns the distribution that Katib makes of its ends: they lie 3 standard deviations from the middle."""
    if log and low > 0:
        return {"mean": float(f"{math.sqrt(low * high):.12g}"), "std": math.log(high / low) / 6}
    return {"mean": (low + high) / 2, "std": (high - low) / 6}


def _objective(migration: Migration, objective: dict[str, object]) -> None:
    known = frozenset({"type", "goal", "objectiveMetricName", "additionalMetricNames"})
    migration.note_unknown(objective, known, "spec.objective.")
    migration.optimization["target_metric"] = str(objective.get("objectiveMetricName"))
    migration.optimization["direction"] = str(objective.get("type", "maximize"))
    more = items(objective.get("additionalMetricNames"), "spec.objective.additionalMetricNames")
    if more:
        migration.optimization["secondary_metrics"] = [str(each) for each in more]
    if "goal" in objective:
        goal = number(objective["goal"], "spec.objective.goal")
        migration.execution["early_stopping"] = {"threshold": goal}


def _early_stopping(migration: Migration, rule: dict[str, object]) -> None:
    if not rule:
        return
    if rule.get("algorithmName") != "medianstop":
        migration.note("spec.earlyStopping.algorithmName", f"{rule.get('algorithmName')} has no counterpart")
        return
    names = {"min_trials_required": "n_startup_trials", "start_step": "n_warmup_steps"}
    settings = _settings(rule, "spec.earlyStopping.algorithmSettings")
    options = {ours: int(number(settings[key], key)) for key, ours in names.items() if key in settings}
    migration.optimization |= {"pruner": "MedianPruner", **({"pruner_options": options} if options else {})}


def _template(migration: Migration, template: dict[str, object]) -> None:
    """Converts the container: its image, limits and command, in which trial parameters become placeholders."""
    pod = _pod(template)
    containers = [mapping(each, "containers") for each in items(pod.get("containers"), "containers")]
    primary = template.get("primaryContainerName")
    container = next((each for each in containers if each.get("name") == primary), containers[0] if containers else {})
    if container.get("image"):
        migration.resources["image"] = str(container["image"])
    limits = mapping(mapping(container.get("resources"), "resources").get("limits"), "resources.limits")
    for key, value in limits.items():
        if key in _RESOURCES:
            migration.resources[_RESOURCES[key]] = int(number(value, key)) if key == "nvidia.com/gpu" else str(value)
    if pod.get("nodeSelector"):
        migration.resources["node_selector"] = pod["nodeSelector"]
    words = [*items(container.get("command"), "command"), *items(container.get("args"), "args")]
    if not words:
        migration.note("spec.trialTemplate", "has no command: set experiment.workload or experiment.command")
        return
    references = _references(template)
    command = [_placeholders(str(word), references) for word in words]
    migration.experiment = {"command": command, **migration.experiment}
    if any("$" in word for word in command):
        migration.note("spec.trialTemplate", "the command is run without a shell; check what stands with a $ in it")


def _collector(migration: Migration, collector: dict[str, object]) -> None:
    """Converts the filters of a collector that reads text; a command's metrics are read from its standard output."""
    where = "spec.metricsCollectorSpec"
    kind = str(mapping(collector.get("collector"), f"{where}.collector").get("kind", "StdOut"))
    if kind != "StdOut":
        migration.note(f"{where}.collector.kind", f"{kind} has no counterpart: print the metrics on standard output")
    source = mapping(collector.get("source"), f"{where}.source")
    migration.note_unknown(source, frozenset({"filter"}), f"{where}.source.")
    filters = mapping(source.get("filter"), f"{where}.source.filter").get("metricsFormat")
    patterns = [str(each) for each in items(filters, f"{where}.source.filter.metricsFormat")]
    if patterns and "command" in migration.experiment:
        migration.experiment["metrics_regex"] = patterns


def _pod(template: dict[str, object]) -> dict[str, object]:
    spec = mapping(mapping(template.get("trialSpec"), "trialSpec").get("spec"), "trialSpec.spec")
    inner = mapping(mapping(spec.get("template"), "trialSpec.spec.template").get("spec"), "template.spec")
    return inner or spec


def _references(template: dict[str, object]) -> dict[str, str]:
    listed = [mapping(each, "trialParameters") for each in items(template.get("trialParameters"), "trialParameters")]
    return {str(each.get("name")): str(each.get("reference")) for each in listed}


def _placeholders(word: str, references: dict[str, str]) -> str:
    escaped = re.split(r"(\$\{trialParameters\.[^}]+\})", word)
    parts = []
    for part in escaped:
        found = re.fullmatch(r"\$\{trialParameters\.([^}]+)\}", part)
        if found is None:
            parts.append(part.replace("{", "{{").replace("}", "}}"))
        else:
            parts.append(f"{{{references.get(found[1], found[1])}}}")
    return "".join(parts)
