"""The command line of a sweep file: a program and its arguments, in which `{lr}` stands for the parameter lr.

An argument may be a list of texts, which is left out as a whole in a trial that lacks one of the list's parameters.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.metric_names import PARAMETER_NAME

CommandLine = Sequence[str | Sequence[str]]
TRIAL_FIELDS = frozenset({"number", "seed", "dir", "params"})


def texts_of(command: CommandLine) -> Iterator[str]:
    """Yields the texts of a command line, those of lists among them."""
    for argument in command:
        if isinstance(argument, str):
            yield argument
        else:
            yield from argument


def description_of(command: CommandLine) -> str:
    """Returns a command line for people; what may be left out stands in brackets."""
    return " ".join(each if isinstance(each, str) else f"[{' '.join(each)}]" for each in command)


def command_fields(texts: Iterable[str]) -> frozenset[str]:
    """Returns the placeholder names of texts; `{{` and `}}` stand for literal braces.

    Raises:
        ConfigError: braces that hold anything but a plain name.
    """
    names: set[str] = set()
    for text in texts:
        try:
            fields = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ConfigError(f"{text!r}: {error}; write {{{{ and }}}} for plain braces") from error
        for _, name, form, conversion in fields:
            if name is None:
                continue
            if form or conversion or PARAMETER_NAME.fullmatch(name) is None:
                raise ConfigError(f"{text!r}: {{{name}}} must be a plain name; write {{{{ and }}}} for plain braces")
            names.add(name)
    return frozenset(names)


def check_command(
    command: CommandLine, *, searched: Iterable[str], fixed: Iterable[str], conditional: Mapping[str, str]
) -> None:
    """Checks a command line against the parameters of its sweep; `conditional` are those that some trials lack.

    Raises:
        ConfigError: a placeholder that is no parameter, a searched parameter without a placeholder, or an argument
            that some trials cannot have.
    """
    names, searched = command_fields(texts_of(command)), list(searched)
    known = {*searched, *fixed, *TRIAL_FIELDS}
    for name in sorted(names - known):
        raise ConfigError(f"{{{name}}} is not a parameter{did_you_mean(name, known)}")
    unused = [name for name in searched if name not in names]
    if unused and "params" not in names:
        raise ConfigError(f"has no {{{unused[0]}}}, which is searched; pass it on (or all, as JSON, with {{params}})")
    _check_always_there(command, conditional)


def _check_always_there(command: CommandLine, conditional: Mapping[str, str]) -> None:
    """Checks that arguments outside of lists have the parameters of every trial."""
    before = ""
    for argument in command:
        absent = sorted(command_fields([argument]) & conditional.keys()) if isinstance(argument, str) else []
        if absent:
            option = f'"{before}", ' if before.startswith("-") and not command_fields([before]) else ""
            raise ConfigError(
                f"{{{absent[0]}}} is there only when {conditional[absent[0]]}: write the argument as a list,"
                f' [{option}"{argument}"], which the other trials leave out'
            )
        before = argument if isinstance(argument, str) else ""


def arguments_of(command: CommandLine, values: Mapping[str, str]) -> list[str]:
    """Returns the arguments of a trial with these values; lists that lack a value are left out."""
    arguments: list[str] = []
    for argument in command:
        if isinstance(argument, str):
            arguments.append(_FORMATTER.vformat(argument, (), values))
        elif command_fields(argument) <= values.keys():
            arguments.extend(_FORMATTER.vformat(each, (), values) for each in argument)
    return arguments


class _Names(string.Formatter):
    """Takes a placeholder as one name, also {optimizer.lr}."""

    def get_field(self, field_name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> tuple[object, str]:
        return kwargs[field_name], field_name


_FORMATTER = _Names()
