"""From a Python function to what a sweep file says of it: a name that workers can import, or its source."""

from __future__ import annotations

import functools
import inspect
import sys
from types import FunctionType, MethodType

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.python_api.captured_module import captured_source
from morphogenetic_engine.python_api.visible_modules import unseen_by_workers

CAPTURED_MODULE = "sweep_source"
"""The name of the module that a captured function is written to."""


def workload_of(function: object) -> dict[str, object]:
    """Returns the keys of the section `experiment` for a function.

    Raises:
        WorkloadError: it is no function, cannot be called as train(params, trial), or cannot be written down.
    """
    checked = _function(function)
    _check_signature(function, checked)
    if function is checked or hasattr(function, "__wrapped__"):
        name = _importable_name(function, checked)
        if name is not None:
            return {"workload": name}
    return {"workload": f"{CAPTURED_MODULE}:{checked.__name__}", "workload_source": captured_source(checked)}


def _function(given: object) -> FunctionType:
    """Returns the function whose source is the workload."""
    inner = inspect.unwrap(given) if callable(given) else given
    if isinstance(inner, FunctionType):
        if inner.__name__ == "<lambda>":
            raise _error("a lambda cannot be written down", "write it as a function with def")
        if inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner):
            raise _error(f"{inner.__name__} is {_kind_of(inner)}", "write a plain function that returns its metrics")
        return inner
    advice = "write a function train(params, trial) with def that does the same"
    if isinstance(inner, functools.partial):
        raise _error("a partial function cannot be written down", f"{advice}; fixed values go to experiment={{...}}")
    if isinstance(inner, MethodType):
        raise _error(f"{inner.__qualname__} is a method of an object", f"{advice} and makes the object itself")
    if callable(inner):
        raise _error(f"a callable {type(inner).__name__} cannot be written down", advice)
    raise _error(
        f"a workload must be a function, module:function, a sweep file or a command, but got {inner!r}", advice
    )


def _kind_of(function: FunctionType) -> str:
    return "a generator" if inspect.isgeneratorfunction(function) else "async"


def _check_signature(given: object, function: FunctionType) -> None:
    signature = inspect.signature(given if callable(given) else function)
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise _error(
            f"{function.__name__}{signature} cannot be called as {function.__name__}(params, trial)",
            "take the two: params holds the parameters by name, trial is what metrics are reported to",
        ) from error


def _importable_name(given: object, function: FunctionType) -> str | None:
    """Returns `module:function` where workers can import the function; None: its source is needed."""
    module = function.__module__
    loaded = sys.modules.get(module)
    if module in ("__main__", "__mp_main__") or getattr(loaded, "__spec__", None) is None:
        return None
    name = function.__name__
    if "." in function.__qualname__ or getattr(loaded, name, None) is not given:
        return None
    problem = unseen_by_workers(module)
    if problem:
        raise _error(f"{name}: {problem[0]}", problem[1])
    return f"{module}:{name}"


def _error(what: str, do: str) -> WorkloadError:
    return WorkloadError(f"sweep(): {what}; {do}")
