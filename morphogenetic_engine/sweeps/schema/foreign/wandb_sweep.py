"""W&B sweep files (https://docs.wandb.ai/models/sweeps/sweep-config-keys) as sections of a sweep file."""

from __future__ import annotations

import math
from decimal import Decimal

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.schema.foreign.migration import Migration, Written, items, mapping, number
from morphogenetic_engine.sweeps.schema.parameters import SPREADS, normal_ends

_METHODS = {"grid": "grid", "random": "random", "bayes": "bayesian"}
_KEYS = frozenset(
    {"program", "method", "metric", "parameters", "early_terminate", "command", "run_cap", "name", "description"}
)
_PARAMETER_KEYS = frozenset(
    {"value", "values", "probabilities", "distribution", "min", "max", "q", "mu", "sigma", "parameters"}
)
_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]


def is_wandb(written: Written) -> bool:
    """Returns whether a mapping is a W&B sweep."""
    return written.get("method") in _METHODS and "parameters" in written


def from_wandb(written: Written) -> Migration:
    """Converts a W&B sweep.

    Raises:
        ConfigError: a value of the file does not have the form that W&B documents.
    """
    migration = Migration(sweep_type=_METHODS[str(written["method"])])
    migration.note_unknown(written, _KEYS)
    for name, parameter in mapping(written["parameters"], "parameters").items():
        _add(migration, name, mapping(parameter, f"parameters.{name}"))
    _objective(migration, mapping(written.get("metric"), "metric"))
    if "run_cap" in written:
        migration.optimization["n_trials"] = int(number(written["run_cap"], "run_cap"))
    migration.require_trials("run_cap")
    _early_terminate(migration, mapping(written.get("early_terminate"), "early_terminate"))
    _command(migration, written)
    return migration


def _add(migration: Migration, name: str, parameter: dict[str, object], prefix: str = "") -> None:
    """Adds a parameter; nested ones are named after their place, joined by dots."""
    where, own = f"parameters.{prefix}{name}", f"{prefix}{name}"
    if "parameters" in parameter:
        for child, inner in mapping(parameter["parameters"], f"{where}.parameters").items():
            _add(migration, child, mapping(inner, f"{where}.{child}"), f"{prefix}{name}.")
        return
    migration.note_unknown(parameter, _PARAMETER_KEYS, f"{where}.")
    if "value" in parameter:
        migration.experiment[own] = parameter["value"]
    elif "values" in parameter:
        migration.parameters[own] = _choices(parameter, where)
    else:
        migration.parameters[own] = _range(migration, where, parameter)


def _choices(parameter: dict[str, object], where: str) -> object:
    choices = items(parameter["values"], f"{where}.values")
    for choice in choices:
        if not isinstance(choice, bool | int | float | str):
            raise ConfigError(f"{where}.values: must be numbers, texts, true or false, but got {choice!r}")
    shares = items(parameter.get("probabilities"), f"{where}.probabilities")
    if not shares:
        return choices
    return {"choices": choices, "probabilities": [float(number(each, f"{where}.probabilities")) for each in shares]}


def _range(migration: Migration, where: str, parameter: dict[str, object]) -> dict[str, object]:
    kind = str(parameter.get("distribution", ""))
    if "normal" in kind:
        return _normal(migration, where, kind, parameter)
    low, high = (number(parameter.get(end), f"{where}.{end}") for end in ("min", "max"))
    whole = isinstance(low, int) and isinstance(high, int)
    if not kind:
        kind = "int_uniform" if whole else "uniform"
    if kind in {"log_uniform", "q_log_uniform"}:  # their ends are exponents of e
        low, high = math.exp(low), math.exp(high)
    log = "log_uniform" in kind
    if kind.startswith("inv_") or "beta" in kind:
        migration.note(f"{where}.distribution", f"{kind} has no counterpart; the range is searched evenly")
        log = False
    quantised = kind.startswith("q_")
    step_is_whole = isinstance(number(parameter.get("q", 1), f"{where}.q"), int)
    kept_whole = kind == "int_uniform" or (quantised and whole and step_is_whole)
    found: dict[str, object] = {"type": "int" if kept_whole else "float", "low": low, "high": high}
    if log:
        found["log"] = True
    return _with_step(where, found, parameter) if quantised else found


def _with_step(where: str, found: dict[str, object], parameter: dict[str, object]) -> dict[str, object]:
    """Returns a range whose values are multiples of `q`, which its ends are too."""
    step = number(parameter.get("q", 1), f"{where}.q")
    exact, least = Decimal(repr(step)), 1 if found.get("log") or found.get("type") == "log_normal" else None
    for end in ("low", "high"):
        places = round(Decimal(repr(found[end])) / exact)
        multiple = (places if least is None else max(places, least)) * exact
        found[end] = int(multiple) if found["type"] == "int" else float(multiple)
    return {**found, "step": step}


def _normal(migration: Migration, where: str, kind: str, parameter: dict[str, object]) -> dict[str, object]:
    mean, deviation = number(parameter.get("mu", 0), f"{where}.mu"), number(parameter.get("sigma", 1), f"{where}.sigma")
    log = "log" in kind
    mean = float(f"{math.exp(mean):.12g}") if log else float(mean)
    migration.note(f"{where}.distribution", f"{kind} is cut off {SPREADS} standard deviations from its middle")
    found: dict[str, object] = {"type": "log_normal" if log else "normal", "mean": mean, "std": float(deviation)}
    if not kind.startswith("q_"):
        return found
    low, high = normal_ends(mean, float(deviation), log=log)
    return _with_step(where, {**found, "low": low, "high": high}, parameter)


def _objective(migration: Migration, metric: dict[str, object]) -> None:
    migration.note_unknown(metric, frozenset({"name", "goal", "target"}), "metric.")
    if "name" in metric:
        migration.optimization["target_metric"] = metric["name"]
    migration.optimization["direction"] = str(metric.get("goal", "minimize"))
    if "target" in metric:
        migration.execution["early_stopping"] = {"threshold": number(metric["target"], "metric.target")}


def _early_terminate(migration: Migration, rule: dict[str, object]) -> None:
    if not rule:
        return
    kinds = {"min_iter": "min_resource", "max_iter": "max_resource", "eta": "reduction_factor"}
    migration.note_unknown(rule, frozenset({"type", *kinds}), "early_terminate.")
    if rule.get("type") != "hyperband":
        migration.note("early_terminate.type", f"{rule.get('type')} has no counterpart; choose optimization.pruner")
        return
    options = {ours: int(number(rule[key], f"early_terminate.{key}")) for key, ours in kinds.items() if key in rule}
    migration.optimization |= {"pruner": "HyperbandPruner", "pruner_options": options}


def _command(migration: Migration, written: Written) -> None:
    """Converts the command; its macros stand for texts, or for one argument per parameter."""
    names = [*migration.experiment, *migration.parameters]
    program = str(written.get("program", ""))
    macros = {
        "${env}": ["/usr/bin/env"],
        "${interpreter}": ["python3"],
        "${program}": [program] if program else [],
        "${args}": [f"--{name}={{{name}}}" for name in names],
        "${args_no_boolean_flags}": [f"--{name}={{{name}}}" for name in names],
        "${args_no_hyphens}": [f"{name}={{{name}}}" for name in names],
        "${args_json}": ["{params}"],
    }
    command: list[str] = []
    for part in map(str, items(written.get("command", _COMMAND), "command")):
        if part.startswith("${") and part not in macros:
            migration.note("command", f"{part} has no counterpart and is left out")
            continue
        command += macros.get(part, [part.replace("{", "{{").replace("}", "}}")])
    migration.experiment = {"command": command, **migration.experiment}
    migration.note("command", "the program prints `name=value` lines instead of calling wandb.log")
