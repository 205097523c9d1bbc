"""A rendered trial in containers of the built image; `make test-images` builds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.sweeps.config_file import read_config
from tests.emulated_katib.collector import Observed, collect, observe
from tests.emulated_katib.containers import play
from tests.emulated_katib.median_stop import Rule
from tests.emulated_katib.processes import Ended
from tests.emulated_katib.webhook import Json, trial_job, trial_pod

IMAGE = os.environ.get("TRAIN_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="TRAIN_IMAGE is not set: make test-images")

METRICS = ["val_acc", "train_loss", "test_acc"]
SWEEP = """
sweep_type: bayesian
experiment: {problem_type: moons, n_samples: 200, hidden_dim: 16, num_layers: 2, warm_up_epochs: EPOCHS,
  adaptation_epochs: 5}
parameters: {lr: {type: float, low: 1e-3, high: 3e-2, log: true}}
optimization: {target_metric: val_acc, secondary_metrics: [train_loss, test_acc], n_trials: 4}
"""


def run_trial(place: Path, epochs: int, lr: str, *rules: Rule) -> Ended:
    """Runs the trial of one learning rate as Katib would have it run."""
    path = place / "sweep.yaml"
    path.write_text(SWEEP.replace("EPOCHS", str(epochs)), encoding="utf-8")
    manifest = render_experiment(read_config(path), RenderOptions(image=IMAGE)).manifest
    experiment: Json = yaml.safe_load(yaml.safe_dump(manifest))
    job = trial_job(experiment, {"lr": lr}, f"trial-of-{os.getpid()}", "morphogenetic")
    return play(trial_pod(experiment, job, rules), place)


def run_locally(place: Path, lr: str) -> str:
    """Returns what the same trial prints on this machine."""
    program = Path(sys.executable).with_name("morphogenetic")
    words = [str(program), "trial", "run", "--config", "sweep.yaml", "--param", f"lr={lr}"]
    return subprocess.run(words, cwd=place, capture_output=True, text=True, check=True).stdout


def test_a_trial_in_a_pod_has_the_metrics_of_the_same_trial_here(tmp_path: Path) -> None:
    ended = run_trial(tmp_path, 20, "0.0123456789")
    assert (ended.status, ended.collector_status, ended.stopped) == (0, 0, False), ended.printed
    local = observe(collect(run_locally(tmp_path, "0.0123456789"), METRICS), METRICS)
    found = observe(ended.logs, METRICS)
    assert found["val_acc"] == local["val_acc"]
    for name in METRICS[1:]:  # once, at the end, so that Katib's pages show the last value
        assert found[name] == Observed(*[local[name].latest] * 3)
    assert len(ended.logs) > 20


def test_the_median_stop_ends_a_pod_early_and_not_as_a_failure(tmp_path: Path) -> None:
    ended = run_trial(tmp_path, 20_000, "0.01", Rule("val_acc", "2.0", "less", 3))
    assert (ended.status, ended.collector_status, ended.stopped) == (0, 0, True), ended.printed
    assert "Training Container was Early Stopped" in ended.printed
    assert 3 <= sum(log.name == "val_acc" for log in ended.logs) < 20_000


def test_a_trial_of_another_sweep_fails_its_pod(tmp_path: Path) -> None:
    ended = run_trial(tmp_path, 20, "7")
    assert ended.status != 0 and ended.collector_status != 0
    assert "lr" in ended.printed
