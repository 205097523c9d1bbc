"""The Optuna sweeper of Hydra (`hydra.sweeper` in a configuration) as sections of a sweep file."""

from __future__ import annotations

import re

import yaml

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.schema.foreign.migration import Migration, Written, items, mapping, number

_SAMPLERS = {
    "TPESampler": "TPE",
    "CmaEsSampler": "CmaEs",
    "RandomSampler": "Random",
    "GPSampler": "GP",
    "QMCSampler": "QMC",
    "NSGAIISampler": "NSGAII",
}
_KEYS = frozenset({"_target_", "sampler", "direction", "storage", "study_name", "n_trials", "n_jobs", "params"})
_CALL = re.compile(r"(\w+)\((.*)\)", re.DOTALL)


def is_hydra(written: Written) -> bool:
    """Returns whether a mapping configures Hydra's Optuna sweeper."""
    return "optuna" in str(_sweeper(written).get("_target_", "")).lower()


def from_hydra(written: Written) -> Migration:
    """Converts the configuration of Hydra's Optuna sweeper.

    Raises:
        ConfigError: a value does not have the form that Hydra documents.
    """
    sweeper = _sweeper(written)
    migration = Migration(sweep_type="bayesian")
    migration.note_unknown(sweeper, _KEYS, "hydra.sweeper.")
    for name, text in mapping(sweeper.get("params"), "hydra.sweeper.params").items():
        own = re.sub(r"[^\w.-]", "_", name.lstrip("+"))
        migration.parameters[own] = _range(str(text), f"hydra.sweeper.params.{name}")
        if own != name:
            migration.note(f"hydra.sweeper.params.{name}", f"is the parameter {own}")
    _optimization(migration, sweeper)
    migration.require_trials("hydra.sweeper.n_trials")
    _command(migration)
    return migration


def _sweeper(written: Written) -> dict[str, object]:
    hydra = written.get("hydra")
    inner = hydra.get("sweeper") if isinstance(hydra, dict) else written.get("sweeper")
    return {str(key): value for key, value in inner.items()} if isinstance(inner, dict) else {}


def _optimization(migration: Migration, sweeper: dict[str, object]) -> None:
    direction = sweeper.get("direction", "minimize")
    if isinstance(direction, list):
        migration.optimization["objectives"] = [
            {"metric": f"objective_{index}", "direction": str(each)} for index, each in enumerate(direction)
        ]
    else:
        migration.optimization |= {"target_metric": "objective", "direction": str(direction)}
    migration.note("hydra.sweeper.direction", "Hydra's function returns its objective; here the metric has a name")
    sampler = mapping(sweeper.get("sampler"), "hydra.sweeper.sampler")
    kind = str(sampler.get("_target_", "TPESampler")).rpartition(".")[2]
    if kind not in _SAMPLERS:
        migration.note("hydra.sweeper.sampler", f"{kind} has no counterpart; TPE searches instead")
    migration.optimization["sampler"] = _SAMPLERS.get(kind, "TPE")
    if sampler.get("seed") is not None:
        migration.optimization["seed"] = int(number(sampler["seed"], "hydra.sweeper.sampler.seed"))
    for key in sampler.keys() - {"_target_", "seed"}:
        migration.note(f"hydra.sweeper.sampler.{key}", "is set in optimization.sampler_options, where TPE has it")
    if sweeper.get("storage"):
        migration.optimization["storage"] = str(sweeper["storage"])
    if sweeper.get("n_trials") is not None:
        migration.optimization["n_trials"] = int(number(sweeper["n_trials"], "hydra.sweeper.n_trials"))
    if sweeper.get("n_jobs") is not None:
        migration.execution["max_parallel"] = int(number(sweeper["n_jobs"], "hydra.sweeper.n_jobs"))


def _command(migration: Migration) -> None:
    words = [f"{name}={{{name}}}" for name in migration.parameters]
    migration.experiment["command"] = ["python3", "main.py", *words]
    migration.note("hydra.sweeper", "names no program: put yours in place of main.py; it prints `objective=value`")


def _range(text: str, where: str) -> object:
    """Parses an override: `interval(0, 1)`, `tag(log, interval(1e-5, 1))`, `int(interval(1, 8))`, `choice(a, b)`."""
    found = _CALL.fullmatch(text.strip())
    if found is None:
        listed = [part.strip() for part in text.split(",")]
        if len(listed) < 2:
            raise ConfigError(f"{where}: must be interval, choice, range or a list with commas, but got {text!r}")
        return [_scalar(part) for part in listed]
    function, inside = found.groups()
    if function == "choice":
        return [_scalar(part) for part in _arguments(inside)]
    if function == "tag":
        tag, _, rest = inside.partition(",")
        return {**_ranged(rest, where), **({"log": True} if tag.strip() == "log" else {})}
    if function == "int":
        inner = _ranged(inside, where)
        return {
            **inner,
            "type": "int",
            "low": int(number(inner["low"], where)),
            "high": int(number(inner["high"], where)),
        }
    return _ranged(text, where)


def _ranged(text: str, where: str) -> dict[str, object]:
    found = _CALL.fullmatch(text.strip())
    if found is None or found[1] not in {"interval", "range", "int", "tag"}:
        raise ConfigError(f"{where}: must be interval(low, high) or range(start, stop), but got {text.strip()!r}")
    if found[1] in {"int", "tag"}:
        return mapping(_range(text.strip(), where), where)
    given = [part.rpartition("=")[2] for part in _arguments(found[2])]
    numbers = [number(part, where) for part in given]
    if found[1] == "interval":
        return {"type": "float", "low": float(numbers[0]), "high": float(numbers[1])}
    start, stop = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else 1
    whole = all(isinstance(each, int) for each in (start, stop, step))
    last = start + step * (max(0, -(-(stop - start) // step) - 1))  # stop itself is not in the range
    return {"type": "int" if whole else "float", "low": start, "high": last, "step": step}


def _arguments(inside: str) -> list[str]:
    return [part.strip() for part in inside.split(",") if part.strip()]


def _scalar(text: str) -> object:
    value = yaml.safe_load(text)
    return value if isinstance(value, bool | int | float) else items([text], text)[0]
