"""The documentation agrees with the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping, ExecutionConfig, Retries
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig, Toleration
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES
from morphogenetic_engine.sweeps.schema.tracking_section import TrackingConfig

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_engine_page_lists_every_parameter_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", read("docs/engine.md"), flags=re.MULTILINE)
    assert rows == [(field.name, repr(field.default)) for field in fields(TrainingSettings)]


@pytest.mark.parametrize(
    "model",
    [
        *[SweepConfig, ExecutionConfig, EarlyStopping, Retries, OptimizationConfig, TrackingConfig],
        *[ResourcesConfig, Toleration],
    ],
)
def test_the_sweep_file_page_names_every_key(model: type[BaseModel]) -> None:
    page = read("docs/sweep-file.md") + read("docs/tracking.md")
    missing = [name for name in model.model_fields if not re.search(rf"\b{name}\b", page)]
    assert not missing


def test_the_sweep_file_page_names_every_sweep_type() -> None:
    page = read("docs/sweep-file.md")
    assert all(f"`{kind}`" in page for kind in STRATEGIES.names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


def sweep_files(page: Path) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_sweep_file_of_the_readme_is_valid() -> None:
    blocks = sweep_files(ROOT / "README.md")
    configs = [parse_config(parse_yaml(block, where="README.md"), where="README.md") for block in blocks]
    assert [len(config.space.axes) for config in configs] == [3]


@pytest.mark.parametrize("page", [page for page in PAGES if sweep_files(page)], ids=lambda page: page.stem)
def test_the_sweep_files_and_their_sections_are_valid(page: Path) -> None:
    for block in sweep_files(page):
        given = parse_yaml(block, where=page.name)
        flat = any(key.startswith("--") for key in given)
        parse_config(given if flat else {"parameters": {"lr": [0.1, 0.2]}, **given}, where=page.name)


def test_every_strategy_has_an_example() -> None:
    configs = [
        parse_config(parse_yaml(block, where=""), where="") for block in sweep_files(ROOT / "docs/strategies.md")
    ]
    assert {config.sweep_type for config in configs} >= set(STRATEGIES.names) - {"random", "latin_hypercube"}


def test_every_make_target_that_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", read("Makefile"), flags=re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"^ *make ([\w-]+)", page.read_text(), flags=re.MULTILINE)}
    assert named and named <= targets


def test_the_messages_of_the_troubleshooting_page_are_those_of_the_code() -> None:
    python = (ROOT / folder for folder in ("morphogenetic_engine", "pipelines"))
    sources = sorted([*(file for each in python for file in each.rglob("*.py")), *(ROOT / "scripts").glob("*.sh")])
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    code = re.sub(r'"\s*\n\s*f?"', "", code)  # a message in two lines is one
    tables = re.findall(r"\| the message says .*\n\|.*\n((?:\|.*\n)+)", read("docs/troubleshooting.md"))
    messages = re.findall(r"^\| (`.*?`) \|", "".join(tables), flags=re.MULTILINE)
    parts = {part.strip() for message in messages for part in re.split(r"`|, `|\.\.\.", message)}
    assert len(messages) > 30
    assert [part for part in parts if part and part not in code] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_first_python_program_of_a_page_runs_as_a_script(page: str, tmp_path: Path) -> None:
    program = re.findall(r"```python\n(.*?)```", read(page), flags=re.DOTALL)[0]
    (tmp_path / "script.py").write_text(program, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "'layers': " in done.stdout
