"""Loads the workload that a sweep file names: a Python function, or a command line that follows the trial contract."""

from __future__ import annotations

import importlib
import json
import linecache
import math
import os
import re
import shutil
import signal
import string
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType

from morphogenetic_engine.errors import (
    ConfigError,
    FailureReason,
    MorphogeneticError,
    TrialFailed,
    WorkloadError,
    did_you_mean,
    error_line,
)
from morphogenetic_engine.trial import Metrics, Params, Train, Trial, declaration_of, text
from morphogenetic_engine.workload.program import Program

_SPEC = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_ASSIGNMENT = re.compile(r"([^\W\d][^\s,=]*)=([^\s,=]+)")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\S+")
_STEP_NAMES = ("step", "epoch")
_TRIAL_FIELDS = frozenset({"number", "seed", "dir", "params"})
_SHELL_SIGNALS = 128


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
    checked: Train = train
    return checked


def _module_of(name: str, source: str) -> ModuleType:
    """Returns a new module compiled from its source; tracebacks show its lines."""
    module, place = ModuleType(name), f"<{name}>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    sys.modules[name] = module  # as `import` does, so that pickle and dataclasses find it
    exec(compile(source, place, "exec"), vars(module))  # pylint: disable=exec-used  # it is the user's workload
    return module


def verify_workload(train: Train, *, metrics: Iterable[str], probe: Iterable[Params]) -> None:
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
    for params in probe:
        if declaration.parameters is not None:
            for name in params:
                if name not in declaration.parameters:
                    raise ConfigError(f"{name}: unknown parameter{did_you_mean(name, declaration.parameters)}")
        if declaration.check is not None:
            _check(declaration.check, params)


def _check(check: Callable[[Params], None], params: Params) -> None:
    try:
        check(params)
    except MorphogeneticError:
        raise
    except Exception as error:  # a bug in the user's check itself
        raise WorkloadError(f"its check of the parameters raised {error_line(error)}") from error


def command_fields(command: Sequence[str]) -> frozenset[str]:
    """Returns the placeholder names of a command line; `{{` and `}}` stand for literal braces.

    Raises:
        ConfigError: braces that hold anything but a plain name.
    """
    names: set[str] = set()
    for argument in command:
        try:
            fields = list(string.Formatter().parse(argument))
        except ValueError as error:
            raise ConfigError(f"{argument!r}: {error}; write {{{{ and }}}} for plain braces") from error
        for _, name, form, conversion in fields:
            if name is None:
                continue
            if form or conversion or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name) is None:
                raise ConfigError(
                    f"{argument!r}: {{{name}}} must be a plain name; write {{{{ and }}}} for plain braces"
                )
            names.add(name)
    return frozenset(names)


def check_command(command: Sequence[str], *, searched: Iterable[str], fixed: Iterable[str]) -> None:
    """Checks a command line against the parameters of its sweep.

    Raises:
        ConfigError: a placeholder that is no parameter, or a searched parameter without a placeholder.
    """
    names, searched = command_fields(command), list(searched)
    known = {*searched, *fixed, *_TRIAL_FIELDS}
    for name in sorted(names - known):
        raise ConfigError(f"{{{name}}} is not a parameter{did_you_mean(name, known)}")
    unused = [name for name in searched if name not in names]
    if unused and "params" not in names:
        raise ConfigError(f"has no {{{unused[0]}}}, which is searched; pass it on (or all, as JSON, with {{params}})")


class CommandWorkload:
    """A program that is run for each trial; its lines of `name=value` on standard output are the metrics.

    A line that also has `step=` or `epoch=` is a report of that step. The last value of each name is returned. A
    leading ISO 8601 timestamp is skipped; all other lines are ignored.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        program = self._command[0]
        if not command_fields([program]) and shutil.which(program) is None:
            raise WorkloadError(f"there is no program {program!r} (looked in {os.getcwd()} and PATH)")

    def __call__(self, params: Params, trial: Trial, /) -> Metrics:
        program = self._started(params, trial)
        metrics: dict[str, float] = {}
        try:
            for line in program.lines():
                sys.stdout.write(line)
                step, found = parse_metric_line(line)
                metrics.update(found)
                if step is not None and found:
                    trial.report(step, found)
            status = program.status()
        finally:
            program.end()
        _check_status(self._command[0], status)
        return metrics

    def _started(self, params: Params, trial: Trial) -> Program:
        fields = {
            "number": str(trial.number),
            "seed": str(trial.seed),
            "dir": str(trial.dir),
            "params": json.dumps(dict(params)),
            **{name: text(value) for name, value in params.items()},
        }
        arguments = [argument.format_map(fields) for argument in self._command]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        try:
            return Program(arguments, environment)
        except OSError as error:
            raise WorkloadError(f"{arguments[0]}: cannot be run: {error.strerror}") from error


def parse_metric_line(line: str) -> tuple[int | None, Mapping[str, float]]:
    """Returns the step (if any) and the metrics of a line; both are empty if it is not a metric line."""
    tokens = line.replace(",", " ").split()
    if tokens and _TIMESTAMP.fullmatch(tokens[0]):
        del tokens[0]
    matches = [_ASSIGNMENT.fullmatch(token) for token in tokens]
    try:
        values = {match[1]: float(match[2]) for match in matches if match}
    except ValueError:
        return None, {}
    if not values or None in matches:
        return None, {}
    step = next((values.pop(name) for name in _STEP_NAMES if name in values), None)
    if step is None:
        return None, values
    return (int(step), values) if math.isfinite(step) else (None, {})


def _check_status(program: str, status: int) -> None:
    """Checks the exit status of a program.

    Raises:
        TrialFailed: it is not 0; the reason is `killed` for a signal, and for 128 + the number of a signal, with
        which a wrapper reports that its child was killed.
    """
    number = -status if status < 0 else status - _SHELL_SIGNALS
    if number in set(signal.Signals):
        name = signal.Signals(number).name
        hint = "; out of memory?" if number == signal.SIGKILL else ""
        how = f"was killed by {name}" if status < 0 else f"ended with status {status}: {name} killed what it ran"
        raise TrialFailed(f"{program} {how}{hint}", reason=FailureReason.KILLED)
    if status < 0:
        raise TrialFailed(f"{program} was killed by signal {number}", reason=FailureReason.KILLED)
    if status > 0:
        raise TrialFailed(f"{program} ended with status {status}")


def _not_found(module_name: str, error: ModuleNotFoundError) -> str:
    missing = error.name or ""
    if module_name == missing or module_name.startswith(f"{missing}."):
        return f"there is no module {missing!r} (looked in {os.getcwd()} and the installed packages)"
    if module_name.startswith("morphogenetic_engine."):
        return f"{module_name} needs {missing}: pip install 'morphogenetic-engine[engine]'"
    return f"{module_name} needs the module {missing!r}, which is not installed"


def _functions(module: object) -> list[str]:
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
