"""The source of a script, a notebook or an interactive session, and the statements in it that bind a name.

Only statements at the level of the module count, and those under `if __name__ == "__main__":`. The cells of a notebook
are read in the order in which they ran.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType

_SESSION = ("<python-input-", "<ipython-input-")


@dataclass(frozen=True)
class Statement:
    """A statement, and the text that holds it."""

    node: ast.stmt
    text: str

    @property
    def source(self) -> str:
        """The statement alone, with its decorators and without the indentation of its block."""
        if isinstance(self.node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            first = min([self.node.lineno, *(each.lineno for each in self.node.decorator_list)])
            return unindented("\n".join(self.text.splitlines()[first - 1 : self.node.end_lineno]))
        return ast.get_source_segment(self.text, self.node) or ast.unparse(self.node)


class SourceTexts:
    """The statements of the texts that defined the globals of a function."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    @cached_property
    def statements(self) -> list[Statement]:
        """The statements of the module in the order in which they ran."""
        found: list[Statement] = []
        for text in self._texts:
            try:
                body = ast.parse(text).body
            except SyntaxError:
                continue  # a cell that never ran
            found += (Statement(node, text) for node in _flat(body))
        return found

    def imports_of(self, name: str) -> list[Statement]:
        """Returns the import statements that bind a name."""
        return [
            each
            for each in self.statements
            if isinstance(each.node, ast.Import | ast.ImportFrom) and _binds(each.node, name)
        ]

    def definition(self, name: str) -> Statement | None:
        """Returns the last `def` or `class` of a name."""
        kinds = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
        found = [each for each in self.statements if isinstance(each.node, kinds) and each.node.name == name]
        return found[-1] if found else None

    def assignment(self, name: str) -> Statement | None:
        """Returns the assignment that made a global what it is; None: there is none, or the value was changed after."""
        last: Statement | None = None
        for each in self.statements:
            if _assigns(each.node, name):
                last = each
            elif _changes(each.node, name):
                last = None
        return last


def texts_of(function: FunctionType) -> SourceTexts:
    """Returns the source of the module, the notebook or the session that a function was defined in."""
    cells = function.__globals__.get("In")
    if isinstance(cells, list) and "get_ipython" in function.__globals__:
        return SourceTexts([str(cell) for cell in cells])
    place = function.__code__.co_filename
    if place.startswith(_SESSION):
        return SourceTexts(["".join(lines) for lines in _session_inputs()])
    return SourceTexts(["".join(linecache.getlines(place, function.__globals__))])


def _session_inputs() -> Iterator[list[str]]:
    for name, entry in linecache.cache.items():
        if name.startswith(_SESSION) and len(entry) == 4:
            yield entry[2]


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            yield from node.body
        elif isinstance(node, ast.Try):
            yield from (each for each in (*node.body, *(n for h in node.handlers for n in h.body)) if _is_import(each))
            yield node
        else:
            yield node


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _binds(node: ast.Import | ast.ImportFrom, name: str) -> bool:
    return any((each.asname or each.name.partition(".")[0]) == name for each in node.names)


def _assigns(node: ast.stmt, name: str) -> bool:
    """Returns whether a statement gives a name a value that does not follow from the value before."""
    if isinstance(node, ast.AnnAssign):
        targets: list[ast.expr] = [node.target] if node.value is not None else []
    else:
        targets = node.targets if isinstance(node, ast.Assign) else []
    bound = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    used = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)} if value is not None else set()
    return name in bound and name not in used and not any(_is_part(target, name) for target in targets)


def _changes(node: ast.stmt, name: str) -> bool:
    """Returns whether a statement of the module changes what a name holds in a way that can be seen."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id == name and not isinstance(each.ctx, ast.Load):
            return not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        if isinstance(each, ast.expr) and _is_part(each, name):
            return True
    return False


def _is_part(node: ast.AST, name: str) -> bool:
    """Returns whether a target is an item or an attribute of a name, at any depth."""
    return any(
        isinstance(each, ast.Subscript | ast.Attribute)
        and not isinstance(each.ctx, ast.Load)
        and any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(each.value))
        for each in ast.walk(node)
    )


def unindented(source: str) -> str:
    """Returns the source of one statement without the indentation of the block that it was in."""
    margin = len(source) - len(source.lstrip(" \t"))
    lines = source.splitlines()
    if any(line[:margin].strip() for line in lines):  # a text in several lines that begins further left
        block = ast.parse(f"if True:\n{source}").body[0]
        assert isinstance(block, ast.If)
        return ast.unparse(block.body[0])
    return "\n".join(line[margin:] for line in lines)
