"""A group of commands whose help lists them by purpose, each with the whole first sentence of its help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

Sections = Mapping[str, Sequence[click.Command]]


class SectionedGroup(click.Group):
    """A group that lists its commands by purpose."""

    sections: Sections = {}
    """The commands by the titles of their sections."""

    def add_sections(self, sections: Sections) -> None:
        """Adds the commands of all sections."""
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for title, commands in self.sections.items():
            with formatter.section(title):
                lines = [
                    ((each.name or "").ljust(width), each.get_short_help_str(formatter.width)) for each in commands
                ]
                formatter.write_dl(lines)
