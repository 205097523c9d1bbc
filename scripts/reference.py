"""Writes the generated pages: the command line, the sweep file, performance.

`make reference` runs this; a test fails while the pages are stale.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from benchmarks.judge.page import judge_text
from morphogenetic_engine.cli.main import morphogenetic
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.parameters import CategoricalParameter, FloatParameter, IntParameter
from morphogenetic_engine.sweeps.schema.search_names import RegisteredName

ROOT = Path(__file__).parents[1]
_MADE = "<!-- Made by `make reference`; changes here are lost. -->\n"


def main() -> None:
    """Writes all pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


def pages() -> dict[Path, str]:
    """Returns the pages by their files."""
    docs = ROOT / "docs"
    return {
        docs / "reference" / "command-line.md": command_line_page(),
        docs / "reference" / "configuration.md": configuration_page(),
        docs / "performance.md": performance_page(),
    }


def command_line_page() -> str:
    """Returns the page of all commands, their arguments and options."""
    parts = [_MADE, "# Command line\n", "Every command, as its own `--help` describes it.\n"]
    context = click.Context(morphogenetic, info_name="morphogenetic")
    parts += [_command_text(path, command, each) for path, command, each in _commands(morphogenetic, context)]
    return "\n".join(parts)


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, "a group knows the commands that it lists"
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path, command, inner
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _command_text(path: str, command: click.Command, context: click.Context) -> str:
    level = "##" if isinstance(command, click.Group) or path.count(" ") == 1 else "###"
    lines = [f"{level} {path}\n", f"{_help_text(command)}\n"]
    if not isinstance(command, click.Group):
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        lines.append(f"```\n{usage}\n```\n")
        records = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
        if records:
            lines += ["| option | |", "|---|---|"]
            lines += [f"| `{_cell(flags)}` | {_without_links(_cell(text))} |" for flags, text in records]
            lines.append("")
    return "\n".join(lines)


def _help_text(command: click.Command) -> str:
    paragraphs = (command.help or "").replace("\b", "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def configuration_page() -> str:
    """Returns the page of all keys of a sweep file."""
    parts = [_MADE, "# Sweep file, key by key\n"]
    parts.append("The [guide](../sweep-file.md) explains them with examples; this page is made from the schema.\n")
    parts.append(_section_text("The file", SweepConfig))
    for name, field in SweepConfig.model_fields.items():
        for model in _models(field.annotation):
            if name != "parameters":
                parts += _nested_texts(f"`{name}`", model)
    for title, model in (
        ("`parameters`: choices", CategoricalParameter),
        ("`parameters`: whole numbers", IntParameter),
        ("`parameters`: real numbers", FloatParameter),
    ):
        parts.append(_section_text(title, model))
    return "\n".join(parts)


def _nested_texts(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield _section_text(title, model)
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            yield from _nested_texts(f"{title[:-1]}.{name}`", inner)


def _section_text(title: str, model: type[BaseModel]) -> str:
    rows = [f"## {title}\n", f"{' '.join((model.__doc__ or '').split())}\n", "| key | values | default | |"]
    rows.append("|---|---|---|---|")
    for name, field in model.model_fields.items():
        values = _cell(_names_text(field.metadata) or _type_text(field.annotation))
        default = _cell(_default_text(field))
        rows.append(f"| `{name}` | {values} | {default} | {_cell(field.description or '')} |")
    return "\n".join([*rows, ""])


def _models(annotation: object) -> list[type[BaseModel]]:
    """Returns the sections that a field's type mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in typing.get_args(annotation) for model in _models(each)]


def _type_text(annotation: object) -> str:
    """Describes the type of a key in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _names_text(arguments[1:]) or _type_text(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type_text(each) for each in arguments if each is not types.NoneType))
    if origin is typing.Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin in (tuple, list):
        return f"list of {_type_text(arguments[0])}"
    if origin is dict:
        return f"mapping of names to {_type_text(arguments[1])}"
    if isinstance(annotation, type):
        members = getattr(annotation, "__members__", None)
        if members:
            return ", ".join(f"`{each.value}`" for each in members.values())
        if issubclass(annotation, BaseModel):
            return "a section"
        return {bool: "`true`, `false`", int: "whole number", float: "number", str: "text"}[annotation]
    raise TypeError(f"there are no words for {annotation!r}")


def _names_text(annotations: Iterable[object]) -> str:
    """Returns the built-in names that a field accepts; "" for any other field."""
    found = next((each for each in annotations if isinstance(each, RegisteredName)), None)
    return "" if found is None else ", ".join(f"`{name}`" for name in (*found.registry.built_in, *found.others))


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    if field.default_factory is not None or isinstance(field.default, BaseModel):
        return ""
    if field.default in (None, ()):
        return ""
    default = field.default
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def performance_page() -> str:
    """Returns the page of the benchmarks' results."""
    parts = [_MADE, "# Performance\n"]
    parts.append(
        "The results of `make bench`, each figure with its goal. The machines were small and"
        " shared: compare figures of one table, and measure on your own machine.\n"
    )
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        results = json.loads(path.read_text(encoding="utf-8"))
        if "figures" in results:  # other benchmarks have formats of their own
            parts.append(_measured_text(path.stem.replace("_", " "), results))
    parts.append(judge_text(json.loads((ROOT / "benchmarks" / "results" / "judge.json").read_text(encoding="utf-8"))))
    return "\n".join(parts)


def _measured_text(title: str, results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    rows = [
        f"## {title.capitalize()}\n",
        f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}.\n",
    ]
    rows += ["| figure | measured | goal |", "|---|---|---|"]
    for figure in results["figures"]:
        sign = "at least" if figure["better"] == "higher" else "at most"
        goal = "" if figure["goal"] is None else f"{sign} {figure['goal']:g} {figure['unit']}"
        rows.append(f"| {_cell(figure['name'])} | {figure['value']:.4g} {figure['unit']} | {goal} |")
    return "\n".join([*rows, ""])


def _without_links(text: str) -> str:
    """Returns text whose square brackets Markdown does not read as links: `[x>=0]` is a range."""
    return text.replace("[", "\\[").replace("]", "\\]")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
