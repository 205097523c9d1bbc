"""Loads the function that a sweep file names, and checks a sweep against what its workload declares."""

from __future__ import annotations

import importlib
import inspect
import linecache
import os
import re
import sys
from collections.abc import Callable, Iterable
from types import ModuleType

from morphogenetic_engine.errors import (
    ConfigError,
    MorphogeneticError,
    WorkloadError,
    did_you_mean,
    error_line,
)
from morphogenetic_engine.trial import Params, Train, declaration_of
from morphogenetic_engine.workload.nested_parameters import nested

_ANY_NUMBER = 1 << 30
_SPEC = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load_workload(spec: str, source: str | None = None) -> Train:
    """Imports the function that "package.module:function" names; from `source`, the module's text, if it is given.

    Raises:
        WorkloadError: no such module or function, or its import fails.
    """
    if _SPEC.fullmatch(spec) is None:
        raise WorkloadError(f"must be module:function, but got {spec!r}")
    module_name, name = spec.split(":")
    try:
        module = importlib.import_module(module_name) if source is None else _module_of(module_name, source)
    except ModuleNotFoundError as error:
        raise WorkloadError(_not_found(module_name, error)) from error
    except (Exception, SystemExit) as error:  # the user needs to see any error that their module raises at import
        raise WorkloadError(f"importing {module_name} raised {error_line(error)}") from error
    train = getattr(module, name, None)
    if not callable(train):
        raise WorkloadError(f"{module_name} has no function {name!r}{did_you_mean(name, _functions(module))}")
    _check_call(spec, train)
    checked: Train = train
    return checked


def _check_call(spec: str, train: Callable[..., object]) -> None:
    """Checks that a function can be called as train(params, trial), and returns its metrics when it is.

    Raises:
        WorkloadError: it has other parameters, or is a coroutine or a generator.
    """
    name = spec.partition(":")[2]
    if inspect.iscoroutinefunction(train) or inspect.isgeneratorfunction(train) or inspect.isasyncgenfunction(train):
        raise WorkloadError(f"{spec} is async or yields; write a plain function that returns its metrics")
    try:
        signature = inspect.signature(train)
    except (TypeError, ValueError):
        return  # some built-in functions do not tell
    try:
        signature.bind(object(), object())
    except TypeError as error:
        raise WorkloadError(f"{spec} is called as {name}(params, trial), but is {name}{signature}") from error


def _module_of(name: str, source: str) -> ModuleType:
    """Returns a new module compiled from its source; tracebacks show its lines."""
    module, place = ModuleType(name), f"<{name}>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    sys.modules[name] = module  # as `import` does, so that pickle and dataclasses find it
    exec(compile(source, place, "exec"), vars(module))  # pylint: disable=exec-used  # it is the user's workload
    return module


def verify_workload(
    train: Train, *, metrics: Iterable[str], probe: Iterable[Params], change: Iterable[str] = ()
) -> None:
    """Checks a sweep against its workload's declaration, before any trial runs.

    Raises:
        ConfigError: a parameter or metric that the workload does not declare, or unsupported values.
        WorkloadError: its check fails in any other way.
    """
    declaration = declaration_of(train)
    if declaration.metrics is not None:
        for name in metrics:
            if name not in declaration.metrics:
                hint = (
                    did_you_mean(name, declaration.metrics) or f"; it reports {', '.join(sorted(declaration.metrics))}"
                )
                raise ConfigError(f"metric {name}: the workload does not report it{hint}")
    for name in change:
        if declaration.changeable is not None and name not in declaration.changeable:
            allowed = ", ".join(sorted(declaration.changeable)) or "none"
            raise ConfigError(f"optimization.pbt.change: {name} may not change in a running trial, but {allowed} may")
    for params in map(nested, probe):
        if declaration.parameters is not None:
            for name in params:
                if name not in declaration.parameters:
                    raise ConfigError(f"{name}: unknown parameter{did_you_mean(name, declaration.parameters)}")
        if declaration.check is not None:
            _check(declaration.check, params)


def most_at_once(train: Train, probe: Iterable[Params]) -> int:
    """Returns the number of trials that a workload trains at once, the average over the parameters of a probe.

    Raises:
        WorkloadError: its function for this fails.
    """
    declaration = declaration_of(train)
    if declaration.fused is None:
        return 1
    if declaration.most is None:
        return _ANY_NUMBER
    try:
        counts = [max(1, int(declaration.most(params))) for params in map(nested, probe)]
    except Exception as error:  # a bug in the user's function
        raise WorkloadError(f"its number of trials at once raised {error_line(error)}") from error
    return sum(counts) // max(1, len(counts))


def _check(check: Callable[[Params], None], params: Params) -> None:
    try:
        check(params)
    except MorphogeneticError:
        raise
    except Exception as error:  # a bug in the user's check itself
        raise WorkloadError(f"its check of the parameters raised {error_line(error)}") from error


def _not_found(module_name: str, error: ModuleNotFoundError) -> str:
    missing = error.name or ""
    if module_name == missing or module_name.startswith(f"{missing}."):
        return f"there is no module {missing!r} (looked in {os.getcwd()} and the installed packages)"
    if module_name.startswith("morphogenetic_engine."):
        return f"{module_name} needs {missing}: pip install 'morphogenetic-engine[engine]'"
    return f"{module_name} needs the module {missing!r}, which is not installed"


def _functions(module: object) -> list[str]:
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
