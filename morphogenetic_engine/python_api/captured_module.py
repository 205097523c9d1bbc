"""Writes a function of a script or a notebook down as a module: its source, and all of its module that it uses.

What cannot be written down is an error that says what to do; nothing is pickled, so that the folder of the sweep can be
read, and run again, without the program that began it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.python_api.source_texts import SourceTexts, Statement, texts_of, unindented
from morphogenetic_engine.python_api.used_names import dotted_uses, used_names
from morphogenetic_engine.python_api.visible_modules import unseen_by_workers

_MOST_LITERAL = 10_000
"""Characters of a value that is written down as a literal."""
_OF_NOTEBOOKS = frozenset({"display", "get_ipython"})
_BUILTINS = frozenset(dir(builtins)) - _OF_NOTEBOOKS


def captured_source(function: FunctionType) -> str:
    """Returns a module that defines the function and everything of its own module that it uses.

    Raises:
        WorkloadError: something that it uses cannot be written down.
    """
    module = _CapturedModule(function)
    module.add_function(function.__name__, function)
    return module.text()


class _CapturedModule:
    def __init__(self, function: FunctionType) -> None:
        self._function = function
        self._home = function.__module__
        self._globals: Mapping[str, object] = function.__globals__
        self._texts: SourceTexts = texts_of(function)
        self._imports: set[str] = set()
        self._definitions: list[str] = []
        self._known: set[str] = set()

    def text(self) -> str:
        parts = ["from __future__ import annotations", "\n".join(sorted(self._imports)), *self._definitions]
        return "\n\n".join(part for part in parts if part) + "\n"

    def add_function(self, name: str, function: FunctionType) -> None:
        """Adds a function and all that it uses."""
        self._known.add(name)
        self._check_closure(name, function)
        try:
            source = unindented(inspect.getsource(function)).rstrip()
        except (OSError, TypeError) as error:
            raise self._error(f"the source of {name} is not to be had", "write it to a file or a notebook") from error
        self._add_uses(source, function.__globals__)
        self._definitions.append(source)

    def _check_closure(self, name: str, function: FunctionType) -> None:
        if function.__name__ == "<lambda>":
            raise self._error(f"{name} is a lambda", "write it as a function with def")
        free = function.__code__.co_freevars
        if free:
            names = ", ".join(free)
            raise self._error(
                f"{name} uses {names} of the function around it",
                f"give {names} as a parameter (experiment={{...}}), or define both at the level of the module",
            )

    def _add_uses(self, source: str, known: Mapping[str, object]) -> None:
        names = used_names(source)
        for name in names.needed:
            self._add(name, source, known)
        for name in names.annotations:
            if name in known:
                try:
                    self._add(name, source, known)
                except WorkloadError:
                    continue  # an annotation need not exist when the code runs

    def _add(self, name: str, source: str, known: Mapping[str, object]) -> None:
        if name in self._known or (name in _BUILTINS and name not in known) or name in {"__name__", "__doc__"}:
            return
        if name not in known and not hasattr(builtins, name):
            raise self._error(f"{name} is not defined", "define it at the level of the module, before the sweep")
        value = known[name] if name in known else getattr(builtins, name)
        if isinstance(value, ModuleType):  # further uses may need further submodules of it
            self._add_module(name, value, source)
            return
        self._known.add(name)
        if not (self._add_import(name, value) or self._add_definition(name, value) or self._add_value(name, value)):
            raise self._error(
                f"{name} is a {type(value).__name__}, which cannot be written down",
                f"make it inside {self._function.__name__}, in a module, or in one assignment to {name}",
            )

    def _add_module(self, name: str, module: ModuleType, source: str) -> None:
        self._check_visible(module.__name__)
        self._imports.add(f"import {module.__name__}" + ("" if name == module.__name__ else f" as {name}"))
        for used in dotted_uses(source, name):
            full = ".".join([module.__name__, *used.split(".")[1:]])
            if full in sys.modules:
                self._imports.add(f"import {full}")

    def _add_import(self, name: str, value: object) -> bool:
        """Adds an import of a value, as the text writes it or by the module that defines it."""
        for statement in reversed(self._texts.imports_of(name)):
            found = _imported(statement, name, value)
            if found is not None:
                return self._import_from(*found, name)
        module: object = getattr(value, "__module__", None)
        attribute: object = getattr(value, "__qualname__", None)
        if not isinstance(module, str) or not isinstance(attribute, str) or module in (self._home, "__main__"):
            return False
        if "." in attribute or getattr(sys.modules.get(module), attribute, None) is not value:
            return False
        return self._import_from(module, attribute, name)

    def _import_from(self, module: str, attribute: str, name: str) -> bool:
        self._check_visible(module)
        self._imports.add(f"from {module} import {attribute}" + ("" if attribute == name else f" as {name}"))
        return True

    def _add_definition(self, name: str, value: object) -> bool:
        """Adds a function or a class of the same module, with all that it uses."""
        inner = inspect.unwrap(value) if callable(value) else value
        if isinstance(inner, FunctionType) and inner.__name__ == name:
            self.add_function(name, inner)
            return True
        statement = self._texts.definition(name)
        if not isinstance(value, type) or statement is None:
            return False
        self._add_statement(statement)
        return True

    def _add_value(self, name: str, value: object) -> bool:
        """Adds data as a literal, or the assignment that made it."""
        written = literal(value)
        if written is not None and len(written) <= _MOST_LITERAL:
            self._definitions.append(f"{name} = {written}")
            return True
        statement = self._texts.assignment(name)
        if statement is None:
            return False
        self._add_statement(statement)
        return True

    def _add_statement(self, statement: Statement) -> None:
        source = statement.source
        if source not in self._definitions:
            self._add_uses(source, self._globals)
            self._definitions.append(source)

    def _check_visible(self, module: str) -> None:
        problem = unseen_by_workers(module)
        if problem:
            raise self._error(*problem)

    def _error(self, what: str, do: str) -> WorkloadError:
        return WorkloadError(f"sweep(): {self._function.__name__}: {what}; {do}")


def literal(value: object) -> str | None:
    """Returns a literal of plain data that gives an equal value of the same types; None: it is no plain data."""
    kind = type(value)
    if value is None or value is ... or kind in (bool, int, str, bytes, complex):
        return repr(value)
    if isinstance(value, float) and kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, dict) and kind is dict:
        pairs = [(literal(key), literal(each)) for key, each in value.items()]
        if any(key is None or each is None for key, each in pairs):
            return None
        return "{" + ", ".join(f"{key}: {each}" for key, each in pairs) + "}"
    if isinstance(value, list | tuple | set | frozenset) and kind in (list, tuple, set, frozenset):
        return _collection(value)
    return None


def _collection(value: list[object] | tuple[object, ...] | set[object] | frozenset[object]) -> str | None:
    written = [literal(each) for each in value]
    items = [each for each in written if each is not None]
    if len(items) < len(written):
        return None
    if isinstance(value, list):
        return f"[{', '.join(items)}]"
    if isinstance(value, tuple):
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    inner = f"[{', '.join(sorted(items))}]"  # a set has no order, but its text must have one
    return f"{type(value).__name__}({inner})"


def _imported(statement: Statement, name: str, value: object) -> tuple[str, str] | None:
    """Returns the module and the attribute that an import statement binds to a name, where that is this value."""
    node = statement.node
    if not isinstance(node, ast.ImportFrom) or node.module is None or node.level:
        return None
    for each in node.names:
        if (each.asname or each.name) == name and getattr(sys.modules.get(node.module), each.name, None) is value:
            return node.module, each.name
    return None
