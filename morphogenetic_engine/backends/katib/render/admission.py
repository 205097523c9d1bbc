"""Checks an Experiment against the rules of Katib's admission webhook, and further ones, before it is sent.

The webhook's own rules: pkg/webhook/v1beta1/experiment/validator/validator.go of Katib v0.19. The further rules cover
mistakes that Katib reports late or never: names of which only the prefix is checked, numbers that are not strings,
unknown keys that are dropped, parameters that no trial receives.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from morphogenetic_engine.backends.kubernetes.quantity import canonical_bytes
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import WORD_CHARACTERS

Manifest = Mapping[str, object]

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PLACEHOLDER = re.compile(r"\$\{trialParameters\.(.+?)\}")
_LONGEST_TEXT = 120_000
_FORBIDDEN = re.compile(r"[\"'\\$`\n\r]")
_KNOWN: Mapping[str, frozenset[str]] = {
    "": frozenset({"apiVersion", "kind", "metadata", "spec"}),
    "spec": frozenset(
        {
            "objective",
            "algorithm",
            "earlyStopping",
            "parameters",
            "parallelTrialCount",
            "maxTrialCount",
            "maxFailedTrialCount",
            "resumePolicy",
            "metricsCollectorSpec",
            "trialTemplate",
        }
    ),
    "spec.objective": frozenset({"type", "goal", "objectiveMetricName", "additionalMetricNames", "metricStrategies"}),
    "spec.trialTemplate": frozenset(
        {
            "primaryContainerName",
            "primaryPodLabels",
            "successCondition",
            "failureCondition",
            "retain",
            "trialParameters",
            "trialSpec",
        }
    ),
}


def check_admission(experiment: Manifest) -> None:
    """Checks an Experiment against the rules.

    Raises:
        ConfigError: it violates one; the message names the field.
    """
    _check_keys(experiment, "")
    metadata, spec = _section(experiment, "metadata"), _section(experiment, "spec")
    _check_keys(spec, "spec")
    name = metadata.get("name")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None or len(name) > 40:
        raise _broken("metadata.name", "must be 40 small letters, digits and '-' at most, from a letter on", name)
    _check_counts(spec)
    _check_objective(_section(spec, "objective"))
    parameters = _check_parameters(_sections(spec, "parameters"))
    for section in ("algorithm", "earlyStopping"):
        if section in spec:
            _check_settings(_section(spec, section), f"spec.{section}")
    _check_collector(_section(spec, "metricsCollectorSpec"))
    _check_template(_section(spec, "trialTemplate"), parameters)


def _check_counts(spec: Manifest) -> None:
    counts = {name: spec.get(name) for name in ("parallelTrialCount", "maxTrialCount", "maxFailedTrialCount")}
    for name, count in counts.items():
        least = 0 if name == "maxFailedTrialCount" else 1
        if not isinstance(count, int) or isinstance(count, bool) or not least <= count < 2**31:
            raise _broken(f"spec.{name}", f"must be a whole number >= {least}", count)
    for name in ("parallelTrialCount", "maxFailedTrialCount"):
        count, most = counts[name], counts["maxTrialCount"]
        assert isinstance(count, int) and isinstance(most, int)
        if count > most:
            raise _broken(f"spec.{name}", f"must be <= maxTrialCount, which is {most}", count)
    if spec.get("resumePolicy") not in {"Never", "LongRunning", "FromVolume"}:
        raise _broken("spec.resumePolicy", "must be Never, LongRunning or FromVolume", spec.get("resumePolicy"))


def _check_objective(objective: Manifest) -> None:
    _check_keys(objective, "spec.objective")
    where = "spec.objective"
    if objective.get("type") not in {"minimize", "maximize"}:
        raise _broken(f"{where}.type", "must be minimize or maximize", objective.get("type"))
    target, additional = objective.get("objectiveMetricName"), _texts(objective, "additionalMetricNames")
    for name in (target, *additional):
        if not isinstance(name, str) or not name or not all(map(WORD_CHARACTERS.fullmatch, name)):
            raise _broken(where, "metrics must be letters, digits, '_' and '-', which Katib's collector reads", name)
    if target in additional or len(set(additional)) < len(additional):
        raise _broken(f"{where}.additionalMetricNames", "must differ from the objective and each other", additional)
    for strategy in _sections(objective, "metricStrategies"):
        if strategy.get("value") not in {"min", "max", "latest"}:
            raise _broken(f"{where}.metricStrategies", "must be min, max or latest", strategy.get("value"))
    goal = objective.get("goal")
    if goal is not None and not (isinstance(goal, (int, float)) and math.isfinite(goal)):
        raise _broken(f"{where}.goal", "must be a finite number", goal)


def _check_parameters(parameters: Sequence[Manifest]) -> list[str]:
    names: list[str] = []
    if not parameters:
        raise _broken("spec.parameters", "must have one parameter at least", parameters)
    for number, parameter in enumerate(parameters):
        where, name = f"spec.parameters[{number}]", parameter.get("name")
        if not isinstance(name, str) or not name or _FORBIDDEN.search(name) or "{" in name or "}" in name:
            raise _broken(f"{where}.name", "must be plain text", name)
        if name in names:
            raise _broken(f"{where}.name", "must differ from the others", name)
        names.append(name)
        space, kind = _section(parameter, "feasibleSpace"), parameter.get("parameterType")
        if kind in {"int", "double"}:
            _check_range(space, kind == "int", where)
        elif kind in {"categorical", "discrete"}:
            _check_list(space, where)
        else:
            raise _broken(f"{where}.parameterType", "must be int, double, categorical or discrete", kind)
    return names


def _check_range(space: Manifest, whole: bool, where: str) -> None:
    if "list" in space:
        raise _broken(f"{where}.feasibleSpace.list", "is for categorical and discrete parameters", space["list"])
    if space.get("distribution", "uniform") not in {"uniform", "logUniform"}:
        raise _broken(f"{where}.feasibleSpace.distribution", "must be uniform or logUniform", space["distribution"])
    bounds = {name: _number(space.get(name), whole, f"{where}.feasibleSpace.{name}") for name in ("min", "max")}
    if bounds["min"] > bounds["max"]:
        raise _broken(f"{where}.feasibleSpace.min", f"must be <= max, which is {bounds['max']}", bounds["min"])
    if space.get("distribution") == "logUniform" and bounds["min"] <= 0:
        raise _broken(f"{where}.feasibleSpace.min", "must be > 0 where the distribution is logUniform", bounds["min"])
    if "step" in space and _number(space["step"], whole, f"{where}.feasibleSpace.step") <= 0:
        raise _broken(f"{where}.feasibleSpace.step", "must be > 0", space["step"])


def _number(value: object, whole: bool, where: str) -> float:
    """Parses the number in a string; Katib's fields are strings, and it rejects bare numbers."""
    if isinstance(value, str):
        try:
            number = int(value) if whole else float(value)
        except ValueError as error:
            raise _broken(where, f"must be the text of a {'whole ' if whole else ''}number", value) from error
        if math.isfinite(number):
            return number
    raise _broken(where, "must be the text of a finite number", value)


def _check_list(space: Manifest, where: str) -> None:
    for key in ("min", "max", "step"):
        if key in space:
            raise _broken(f"{where}.feasibleSpace.{key}", "is for int and double parameters", space[key])
    values = _texts(space, "list")
    if not values or len(set(values)) < len(values):
        raise _broken(f"{where}.feasibleSpace.list", "must have values, no two alike", values)
    for value in values:
        if _FORBIDDEN.search(value):
            raise _broken(
                f"{where}.feasibleSpace.list", "must hold no quote, backslash, dollar sign or line break", value
            )


def _check_settings(section: Manifest, where: str) -> None:
    if not isinstance(section.get("algorithmName"), str):
        raise _broken(f"{where}.algorithmName", "must be a name", section.get("algorithmName"))
    for setting in _sections(section, "algorithmSettings"):
        if not isinstance(setting.get("name"), str) or not isinstance(setting.get("value"), str):
            raise _broken(f"{where}.algorithmSettings", "must be names and texts", dict(setting))


def _check_collector(collector: Manifest) -> None:
    """Checks the collector: early stopping requires the File or StdOut collector, which Katib does not check."""
    kind = _section(collector, "collector").get("kind")
    if kind != "File":
        raise _broken("spec.metricsCollectorSpec.collector.kind", "must be File", kind)
    place = _section(_section(collector, "source"), "fileSystemPath")
    if not str(place.get("path")).startswith("/") or place.get("kind") != "File" or place.get("format") != "TEXT":
        raise _broken(
            "spec.metricsCollectorSpec.source", "must be an absolute path, kind File, format TEXT", dict(place)
        )


def _check_template(template: Manifest, parameters: Sequence[str]) -> None:
    where = "spec.trialTemplate"
    _check_keys(template, where)
    references = _sections(template, "trialParameters")
    names = [str(each.get("name")) for each in references]
    if len(set(names)) < len(names) or any("{" in name or "}" in name for name in names):
        raise _broken(f"{where}.trialParameters", "must have names without braces, no two alike", names)
    if sorted(str(each.get("reference")) for each in references) != sorted(parameters):
        raise _broken(f"{where}.trialParameters", "must refer to every parameter once", names)
    job = _section(template, "trialSpec")
    _check_texts(list(_strings(job)), names, f"{where}.trialSpec")
    if {"name", "namespace"} & _section(job, "metadata").keys():
        raise _broken(f"{where}.trialSpec.metadata", "must leave name and namespace to Katib", job["metadata"])
    if job.get("kind") == "TrainJob":
        _check_command(_section(_section(job, "spec"), "trainer"), f"{where}.trialSpec.spec.trainer")
        return
    pod = _section(_section(_section(job, "spec"), "template"), "spec")
    containers = _sections(pod, "containers")
    if template.get("primaryContainerName") not in [container.get("name") for container in containers]:
        raise _broken(f"{where}.primaryContainerName", "must be a container", template.get("primaryContainerName"))
    for container in containers:
        _check_command(container, f"{where}.trialSpec.spec.template.spec.containers")
    for volume in _sections(pod, "volumes"):
        _check_size(volume, f"{where}.trialSpec.spec.template.spec.volumes")


def _check_texts(written: Sequence[str], names: Sequence[str], where: str) -> None:
    """Checks the placeholders, which Katib replaces anywhere, and the 128 kB limit of environment variables."""
    placeholders = [found for value in written for found in _PLACEHOLDER.findall(value)]
    for name in sorted(set(names) ^ set(placeholders)):
        raise _broken(where, "must have a placeholder for each trial parameter, and no other", name)
    if len(placeholders) > len(names):
        raise _broken(where, "must have each placeholder once", max(placeholders, key=placeholders.count))
    longest = max(len(value.encode()) for value in written)
    if longest > _LONGEST_TEXT:
        raise _broken(where, f"must have texts of {_LONGEST_TEXT} bytes at most, for the sweep among others", longest)


def _check_command(container: Manifest, where: str) -> None:
    """Checks the command: Katib joins its words with spaces, appends to them, and passes the line to a shell."""
    arguments = _texts(container, "args")
    if _texts(container, "command") != ["sh", "-c"] or len(arguments) != 1:
        raise _broken(where, "must be run by sh -c with one argument", container.get("command"))
    line = arguments[0]
    if not (line.startswith("( exec ") and line.endswith(" )")) or re.search(r"[\n#;|&`$\"'<>\\]", line):
        raise _broken(where, "must be one program in one subshell: ( exec ... ), nothing that a shell reads", line)


def _check_size(volume: Manifest, where: str) -> None:
    """Checks quantities: Katib converts the Job to Kubernetes' types and back, and rejects changed strings."""
    size = _section(volume, "emptyDir").get("sizeLimit") if "emptyDir" in volume else None
    if size is not None and (not isinstance(size, str) or canonical_bytes(size) != size):
        raise _broken(f"{where}.emptyDir.sizeLimit", "must be an amount as Kubernetes writes it (1536Mi, 2Gi)", size)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _strings(each)


def _check_keys(section: Manifest, where: str) -> None:
    unknown = section.keys() - _KNOWN[where]
    if unknown:
        raise _broken(where or "experiment", "has a key that Katib would drop", min(unknown))


def _section(parent: Manifest, key: str) -> Manifest:
    value = parent.get(key)
    if not isinstance(value, Mapping):
        raise _broken(key, "must be a mapping", value)
    return value


def _sections(parent: Manifest, key: str) -> list[Manifest]:
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise _broken(key, "must be a list of mappings", value)
    return value


def _texts(parent: Manifest, key: str) -> list[str]:
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _broken(key, "must be a list of texts", value)
    return value


def _broken(where: str, rule: str, value: object) -> ConfigError:
    return ConfigError(f"Experiment: {where}: {rule}, but got {value!r}")
