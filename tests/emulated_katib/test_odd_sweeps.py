"""Sweeps with unusual values: each trial on Katib equals the trial of the local sweep."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.sweeps.config_file import read_config
from tests.emulated_katib.collector import observe
from tests.emulated_katib.processes import run
from tests.emulated_katib.webhook import Json, trial_job, trial_pod

pytestmark = pytest.mark.slow

METRICS = ["val_acc", "twice"]
WORKLOAD = '''
import hashlib

def train(params, trial):
    """A number that follows from every parameter with its type, and from the seed."""
    if params.get("fails_once") and not (trial.dir / "failed").exists():
        (trial.dir / "failed").touch()
        raise ZeroDivisionError
    told = repr([sorted((name, repr(value)) for name, value in params.items()), trial.seed])
    value = int(hashlib.sha256(told.encode()).hexdigest()[:8], 16) / 7
    return {"val_acc": value, "twice": 2 * value}
'''
PROGRAM = "import sys; print(f'val_acc={hash(sys.argv[1]) / 7!r} twice={int(sys.argv[2]) / 3!r}')"
TEXTS = ["", " it's\n", 'say "$HOME"', "${trialParameters.x}", "%41;|&#\\", "ü🦄"]
SWEEPS: dict[str, dict[str, object]] = {
    "values of every kind": {
        "experiment": {"zip": "0123", "big": 2**60, "tiny": 1e-300, "cost": "$(HOME) `id` ${trialParameters.x}\t\\"},
        "parameters": {"x": [*TEXTS, True, 1e-7, "0123"]},
    },
    "conditions": {"parameters": {"kind": ["a", "b"], "depth": {"low": 1, "high": 2, "when": {"kind": "a"}}}},
    "replicates": {"experiment": {"replicates": 3}, "parameters": {"x": [1]}},
    "retries": {
        "experiment": {"fails_once": True},
        "parameters": {"x": [1]},
        "execution": {"retries": {"exceptions": 1}},
    },
    "a program": {
        "experiment": {
            "command": [sys.executable, "-c", PROGRAM.replace("{", "{{").replace("}", "}}"), "{x}", "{seed}"]
        },
        "parameters": {"x": ["a b", '"$x"']},
    },
}


@pytest.mark.parametrize("title", SWEEPS)
def test_a_trial_on_katib_is_that_of_the_local_sweep(
    title: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    (workplace / "odd.py").write_text(WORKLOAD, encoding="utf-8")
    written = {"optimization": {"secondary_metrics": ["twice"]}, **SWEEPS[title]}
    given = written.setdefault("experiment", {})
    assert isinstance(given, dict)
    if "command" not in given:
        written["experiment"] = {**given, "workload": "odd:train"}
    (workplace / "sweep.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    assert on_katib(workplace) == on_this_machine(workplace)


def on_this_machine(workplace: Path) -> list[tuple[str, ...]]:
    program = str(Path(sys.executable).with_name("morphogenetic"))
    words = [program, "sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local"]
    subprocess.run(words, cwd=workplace, check=True, capture_output=True)
    with (workplace / "results/sweeps/local/trials.csv").open(encoding="utf-8", newline="") as table:
        return sorted(tuple(row[name] for name in METRICS) for row in csv.DictReader(table))


def on_katib(workplace: Path) -> list[tuple[str, ...]]:
    manifest = render_experiment(read_config(workplace / "sweep.yaml"), RenderOptions(image="registry/toy:1")).manifest
    experiment: Json = yaml.safe_load(manifest_yaml([manifest]))
    parameters = experiment["spec"]["parameters"]
    found = []
    for number, values in enumerate(itertools.product(*(each["feasibleSpace"]["list"] for each in parameters))):
        assignments = {each["name"]: value for each, value in zip(parameters, values, strict=True)}
        pod = trial_pod(experiment, trial_job(experiment, assignments, f"trial-{number}", "ml"))
        ended = run(pod, workplace / f"pod-{number}", workplace)
        assert ended.status == 0, ended.printed
        observed = observe(ended.logs, METRICS)
        found.append(tuple(observed[name].latest for name in METRICS))
    return sorted(found)
