"""`morphogenetic`: the command line, whose groups are imported on demand."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

import click

from morphogenetic_engine import __version__
from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.monitor.display.harmless import harmless_streams

BAD_INPUT = 2
INTERRUPTED = 130
_LONGEST_ERROR = 4000

_COMMANDS = {
    "sweep": ("morphogenetic_engine.cli.sweep", "sweep", "Run, resume and inspect hyperparameter sweeps."),
    "data": ("morphogenetic_engine.cli.data", "data", "Write a data set of the engine's problems to a file."),
    "trial": ("morphogenetic_engine.cli.trial", "trial", "Run one trial of a sweep."),
    "report": ("morphogenetic_engine.cli.reports", "report", "Summarise, compare and export sweeps."),
}


class _LazyGroup(click.Group):
    """A group that knows its commands by name and summary; `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="morphogenetic")
def morphogenetic() -> None:
    """Hyperparameter sweeps that are exact and honest, on one machine and on a cluster."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with its status."""
    sys.exit(run(morphogenetic, arguments))


def run(command: click.Command, arguments: Sequence[str] | None = None, *, name: str = "morphogenetic") -> int:
    """Runs a command and returns its exit status; a user error is one line on standard error, without a traceback."""
    _replace_what_has_no_code(sys.stdout)
    with harmless_streams(sys.stdout, sys.stderr):
        return _run(command, arguments, name)


def _replace_what_has_no_code(stream: TextIO) -> None:
    """Writes `?` for characters that the encoding of a terminal or file lacks, instead of failing."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="replace")


def _run(command: click.Command, arguments: Sequence[str] | None, name: str) -> int:
    try:
        status = _invoke(command, list(sys.argv[1:] if arguments is None else arguments), name)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        click.echo(f"{name}: {error.format_message()}", err=True)
        return BAD_INPUT
    except MorphogeneticError as error:
        click.echo(f"{name}: {_one_line(error)}", err=True)
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{name}: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        if not _output_is_closed():
            raise  # the pipe to another process broke: an error that the user must see
        # The reader of the output (head, less) has gone; a filter ends quietly. Python flushes again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


def _one_line(error: MorphogeneticError) -> str:
    """Returns an error's text in one line that fits a screen."""
    text = " ".join(str(error).splitlines())
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…"


def _invoke(command: click.Command, arguments: list[str], name: str) -> object:
    """Runs a command as click's own `main` does, which would treat every broken pipe as that of standard output."""
    variable = f"_{name.replace('-', '_').replace('.', '_')}_COMPLETE".upper()
    if instruction := os.environ.get(variable):
        from click.shell_completion import shell_complete  # pylint: disable=import-outside-toplevel

        return shell_complete(command, {}, name, variable, instruction)
    with command.make_context(name, arguments) as context:
        result: object = command.invoke(context)
    return result


def _output_is_closed() -> bool:
    """Returns True if the reader of standard output has closed it."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


if __name__ == "__main__":
    main()
