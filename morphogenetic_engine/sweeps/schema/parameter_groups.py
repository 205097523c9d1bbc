"""Groups of parameters in a sweep file: mappings in mappings, which become names with dots."""

from __future__ import annotations

from collections.abc import Mapping

from morphogenetic_engine.workload.nested_parameters import SEPARATOR

_ENDS = ("low", "high", "mean", "std")
_LISTS = frozenset({"choices", "when", "probabilities"})
_ELSEWHERE = frozenset({"value", "values", "min", "max", "distribution"})
"""Keys of parameters in W&B's files: with them a mapping is a parameter with unknown keys, and no group."""


def flat_parameters(written: Mapping[str, object]) -> dict[str, object]:
    """Returns parameters by their full names; a group's `when` holds for all that is in it.

    Raises:
        ValueError: a duplicate name, as `a.b` and as b in a group a.
    """
    found: dict[str, object] = {}
    for name, each in written.items():
        if _is_group(each):
            assert isinstance(each, dict)
            inner = {str(key): value for key, value in each.items() if key != "when"}
            for below, value in flat_parameters(inner).items():
                _add(found, f"{name}{SEPARATOR}{below}", _with_condition(value, each.get("when")))
        else:
            _add(found, name, each)
    return found


def flat_values(written: Mapping[str, object]) -> dict[str, object]:
    """Returns given values by their full names.

    Raises:
        ValueError: a duplicate name, as `a.b` and as b in a group a.
    """
    found: dict[str, object] = {}
    for name, each in written.items():
        if isinstance(each, dict) and each:
            for below, value in flat_values({str(key): value for key, value in each.items()}).items():
                _add(found, f"{name}{SEPARATOR}{below}", value)
        else:
            _add(found, name, each)
    return found


def _is_group(written: object) -> bool:
    """Returns whether a mapping holds parameters, and is none itself: one of its values is a mapping or a list."""
    if not isinstance(written, dict) or isinstance(written.get("type"), str) or _ELSEWHERE & written.keys():
        return False
    if isinstance(written.get("choices"), (list, tuple)):
        return False
    if any(isinstance(written.get(end), (int, float, str)) for end in _ENDS):
        return False
    return any(isinstance(value, (dict, list, tuple)) for key, value in written.items() if key not in _LISTS)


def _with_condition(parameter: object, condition: object) -> object:
    if condition is None:
        return parameter
    if not isinstance(parameter, dict):
        listed = parameter if isinstance(parameter, (list, tuple)) else [parameter]
        return {"choices": listed, "when": condition}
    own = parameter.get("when")
    if isinstance(own, dict) and isinstance(condition, dict):
        return {**parameter, "when": {**condition, **own}}
    return {**parameter, "when": condition if own is None else own}


def _add(found: dict[str, object], name: str, value: object) -> None:
    if name in found:
        raise ValueError(f"{name} is a duplicate name; keep one")
    found[name] = value
