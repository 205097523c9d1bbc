"""The files of the components: they import only what their images have."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPONENTS = sorted((ROOT / "components").glob("*/component.py"))
FILES = sorted((*(ROOT / "components").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found += [each.name for each in node.names]
    return found


def test_there_are_the_six_components() -> None:
    names = [path.parent.name for path in COMPONENTS]
    assert names == ["evaluate", "failure_report", "local_sweep", "report", "sweep", "train"]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_annotations_are_those_that_kfp_reads(path: Path) -> None:
    assert "__future__" not in imported(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_component_imports_nothing_at_its_top_but_kfp(path: Path) -> None:
    assert imported(ast.parse(path.read_text(encoding="utf-8"))) == ["kfp", "components.images"]


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_body_only_calls_the_package(path: Path) -> None:
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    modules = {node.module for node in functions[0].body if isinstance(node, ast.ImportFrom)}
    deeds = [node for node in functions[0].body[1:] if not isinstance(node, ast.ImportFrom)]
    assert len(functions) == 1 and len(deeds) <= 3
    assert modules and all(module and module.startswith("morphogenetic_engine.steps.") for module in modules)


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_component_has_a_page_of_its_own(path: Path) -> None:
    assert (path.parent / "README.md").read_text(encoding="utf-8").startswith(f"# {path.parent.name}\n")
