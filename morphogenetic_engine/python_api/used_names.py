"""The names that a piece of source takes from the module around it."""

from __future__ import annotations

import ast
import symtable
from dataclasses import dataclass


@dataclass(frozen=True)
class UsedNames:
    """The names that a definition or a statement needs from its module, builtins among them."""

    needed: tuple[str, ...]
    """Sorted; without them it fails."""
    annotations: tuple[str, ...]
    """Sorted; used in annotations alone, which may never be evaluated."""


def used_names(source: str) -> UsedNames:
    """Returns the names that a piece of source uses and does not define."""
    tree = ast.parse(source)
    everything = _globals_of(source)
    bare = ast.unparse(ast.fix_missing_locations(_WithoutAnnotations().visit(tree)))
    needed = _globals_of(bare)
    return UsedNames(tuple(sorted(needed)), tuple(sorted(everything - needed)))


def dotted_uses(source: str, name: str) -> set[str]:
    """Returns the dotted names that begin with a name: {"xml.etree", "xml.etree.ElementTree"} for `xml`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        parts: list[str] = []
        inner: ast.expr | None = node if isinstance(node, ast.Attribute) else None
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id == name:
            found.add(".".join([name, *parts]))
    return found


class _WithoutAnnotations(ast.NodeTransformer):
    """Removes annotations, which name what need not exist when the code runs."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # pylint: disable=invalid-name  # of ast
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:  # pylint: disable=invalid-name  # of ast
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno))


def _globals_of(source: str) -> set[str]:
    top = symtable.symtable(source, "<workload>", "exec")
    defined = {each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()}
    used = {each.get_name() for each in top.get_symbols() if each.is_referenced()}
    waiting = list(top.get_children())
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        used |= {each.get_name() for each in table.get_symbols() if each.is_global() and each.is_referenced()}
    return used - defined
