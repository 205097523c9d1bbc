"""A program as a workload: it is run for each trial, and its metrics are found in what it prints."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Sequence

from morphogenetic_engine.errors import FailureReason, ProgramFailed, TrialFailed, WorkloadError
from morphogenetic_engine.trial import Metrics, Params, Trial, missing_objective, text
from morphogenetic_engine.workload.command_line import CommandLine, arguments_of, command_fields
from morphogenetic_engine.workload.executable import fault_of, is_script
from morphogenetic_engine.workload.nested_parameters import nested
from morphogenetic_engine.workload.output_metrics import NONE_WANTED, OutputReader, WantedMetrics
from morphogenetic_engine.workload.program import Program

_SHELL_SIGNALS = 128
_LONGEST_SHOWN = 120


class CommandWorkload:
    """A program that is run for each trial; what it prints on standard output has the metrics (`output_metrics`).

    A line with metrics and a step is a report of that step. The last value of each metric is returned.
    """

    def __init__(self, command: CommandLine, wanted: WantedMetrics = NONE_WANTED, patterns: Sequence[str] = ()) -> None:
        self._command = tuple(command)
        self._wanted = wanted
        self._patterns = patterns
        program = self._command[0]
        assert isinstance(program, str), "the schema wants a program first"
        self._program_varies = bool(command_fields([program]))
        if not self._program_varies:
            _check_program(program)

    def __call__(self, params: Params, trial: Trial, /) -> Metrics:
        reader = OutputReader(self._wanted, self._patterns)
        arguments = self._arguments(params, trial)
        if self._program_varies:
            _check_program(arguments[0])
        program = _started(arguments)
        metrics: dict[str, float] = {}
        try:
            for line in program.lines():
                sys.stdout.write(line)
                found = reader.read(line)
                metrics.update(found.metrics)
                if found.step is not None and found.metrics:
                    trial.report(found.step, found.metrics)
            status = program.status()
        finally:
            program.end()
        _check_status(arguments[0], status)
        for objective in self._wanted.objectives:
            if objective not in metrics:
                raise missing_objective(objective, metrics, _nearest(reader.near_lines(objective)))
        return metrics

    def _arguments(self, params: Params, trial: Trial) -> list[str]:
        values = {
            "number": str(trial.number),
            "seed": str(trial.seed),
            "dir": str(trial.dir),
            "params": json.dumps(nested(params)),
            **{name: text(value) for name, value in params.items()},
        }
        return arguments_of(self._command, values)


def _check_program(program: str) -> None:
    fault = fault_of(program)
    if fault is not None:
        raise WorkloadError(fault)


def _started(arguments: Sequence[str]) -> Program:
    try:
        return Program(arguments, {**os.environ, "PYTHONUNBUFFERED": "1"})
    except OSError as error:
        if error.errno == errno.ENOEXEC and is_script(arguments[0]):
            message = f"{arguments[0]} names no interpreter in its first line, such as #!/usr/bin/env bash"
            raise WorkloadError(message) from error
        raise WorkloadError(f"{arguments[0]}: cannot be run: {error.strerror}") from error


def _nearest(lines: Sequence[tuple[str, str]]) -> str:
    """Returns the lines that came near an objective, and why they gave no value; empty where there are none."""
    if not lines:
        return "; metrics are read from standard output"
    told = [f"`{line[:_LONGEST_SHOWN]}` ({reason})" for line, reason in lines]
    return f"; the nearest lines of its output: {', '.join(told)}"


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
        raise ProgramFailed(f"{program} ended with status {status}")
