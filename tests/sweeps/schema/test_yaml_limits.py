"""Files that would exhaust the memory are rejected at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text, read_config


def bomb(line: str, depth: int) -> str:
    """A file of lines in which each name stands for several of the name before."""
    names = [f"n{number}" for number in range(depth)]
    lines = [line.format(name=name, before=before) for before, name in zip(names, names[1:], strict=False)]
    return "\n".join(["n0: &n0 {p: 1, q: 2}", *lines])


LIST = "{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]"
MERGE = "{name}: &{name} {{<<: [*{before}, *{before}]}}"
SPACE = (
    "sweep_type: {0}\nexperiment: {{workload: 'toy:quadratic'}}\n"
    "parameters: {{x: {1}}}\noptimization: {{n_trials: {2}}}\n"
)
RANGE = "{low: 0.0, high: 1.0}"
HOSTILE = {
    "aliases in lists": (lambda: bomb(LIST, 30), "has more than 30000 keys and values, aliases written out"),
    "aliases in merge keys": (lambda: bomb(MERGE, 60), "has more than 30000 keys and values, aliases written out"),
    "an alias of itself": (lambda: "parameters: &a {x: *a}", "an alias stands for itself"),
    "deep": (lambda: "a: " + "[" * 100_000 + "]" * 100_000, "is nested too deeply"),
    "keys": (lambda: "".join(f"k{number}: 1\n" for number in range(60_000)), "has more than 30000 keys and values"),
    "points": (
        lambda: SPACE.format("grid", "{low: 0.0, high: 1.0, points: 1000000000}", 3),
        "points must be <= 100000, but got points=1000000000",
    ),
    "trials": (lambda: SPACE.format("random", RANGE, 10**12), "n_trials: "),
    "a design": (
        lambda: SPACE.format("latin_hypercube", RANGE, 10**7),
        "a latin_hypercube sweep may have 5000000 values",
    ),
    "NUL in a value": (lambda: 'parameters: {x: ["a\\0b"]}', "is no Unicode text"),
    "NUL in a path": (lambda: 'experiment: {inputs: {table: "a\\0b"}}', "is no Unicode text"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_line(kind: str) -> None:
    text: Callable[[], str]
    text, problem = HOSTILE[kind]
    with pytest.raises(ConfigError) as caught:
        config_of_text(text(), where="sweep.yaml")
    assert problem in str(caught.value) and len(str(caught.value)) < 600


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "sweep.yaml"
    with huge.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(ConfigError, match="is larger than 1048576 bytes"):
        read_config(huge)
    with pytest.raises(ConfigError, match="is larger than 1048576 bytes"):
        read_config(Path("/dev/zero"))


def test_a_path_with_nul_is_no_path() -> None:
    with pytest.raises(ConfigError, match="is no path"):
        read_config(Path("a\0b"))


def test_aliases_within_the_limit_are_read() -> None:
    text = (
        "parameters:\n  x: &range {low: 0.0, high: 1.0}\n  y: {<<: *range, high: 2.0}\n  z: *range\nsweep_type: grid\n"
    )
    assert list(config_of_text(text, where="sweep.yaml").config.parameters) == ["x", "y", "z"]


MEASURED = """
import resource, sys, time
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text
from tests.sweeps.schema.test_yaml_limits import HOSTILE
text = HOSTILE[sys.argv[1]][0]()
begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    config_of_text(text, where="sweep.yaml")
except ConfigError:
    print(time.process_time() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_little_time_and_memory(kind: str) -> None:
    run = subprocess.run([sys.executable, "-c", MEASURED, kind], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, run.stdout.split())
    assert seconds < 10, "about a second on an idle machine"
    assert megabytes < 100
