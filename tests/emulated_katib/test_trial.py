"""A trial of a rendered Experiment between the webhook and the collector, with a real shell and real signals."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialState
from morphogenetic_engine.sweeps.record.journal import read_events
from tests.emulated_katib.collector import MetricLog, observe
from tests.emulated_katib.controller import MOST_ROWS, requests, trial_end
from tests.emulated_katib.median_stop import Rule
from tests.emulated_katib.processes import Ended, run
from tests.emulated_katib.webhook import Json, trial_job, trial_pod

METRICS = ["val_acc", "twice"]
SWEEP = """
experiment: {workload: "WORKLOAD"}
parameters: {x: [0.1, 0.7, 0.3]}
optimization: {target_metric: val_acc, secondary_metrics: [twice]}
"""
TALKATIVE = """
def train(params, trial):
    for step in range(17_000):
        trial.report(step, {"val_acc": float(step), "twice": 1.0})
    return {"val_acc": 7.5, "twice": 2.0}
"""
CLIMB = '''
import time

def climb(params, trial):
    """Reports that rise by x; the last but two take their time."""
    for step in range(200):
        trial.report(step, {"val_acc": step * float(params["x"])})
        time.sleep(0.02 if step >= 3 else 0)
    return {"val_acc": 1.0, "twice": 2.0}
'''


def experiment(workplace: Path, workload: str) -> Json:
    """Returns the Experiment of the sweep file, as kubectl reads it."""
    path = workplace / "sweep.yaml"
    path.write_text(SWEEP.replace("WORKLOAD", workload), encoding="utf-8")
    manifest = render_experiment(read_config(path), RenderOptions(image="registry/train:1")).manifest
    read: Json = yaml.safe_load(yaml.safe_dump(manifest))
    return read


def run_trial(workplace: Path, written: Json, x: str, *rules: Rule) -> Ended:
    job = trial_job(written, {"x": x}, f"trial-{x}", "morphogenetic")
    return run(trial_pod(written, job, rules), workplace / f"pod-{x}", workplace)


def end(workplace: Path, x: str) -> TrialEnded:
    """Returns how the trial's own journal says it ended."""
    *_, last = read_events(workplace / f"pod-{x}" / "trial" / "journal.jsonl")
    assert isinstance(last, TrialEnded)
    return last


@pytest.mark.slow
def test_a_trial_has_the_metrics_of_the_same_trial_of_a_local_sweep(workplace: Path) -> None:
    written = experiment(workplace, "toy:quadratic")
    program = Path(sys.executable).with_name("morphogenetic")
    subprocess.run(
        [program, "sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local"], cwd=workplace, check=True
    )
    with (workplace / "results/sweeps/local/trials.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 3
    for row in rows:
        ended = run_trial(workplace, written, row["x"])
        assert (ended.status, ended.collector_status, ended.stopped) == (0, 0, False)
        observed = observe(ended.logs, METRICS)
        assert {name: observed[name].latest for name in METRICS} == {name: row[name] for name in METRICS}


def test_the_median_stop_ends_a_trial_by_signal_and_keeps_what_it_has(workplace: Path) -> None:
    (workplace / "slow.py").write_text(CLIMB, encoding="utf-8")
    written = experiment(workplace, "slow:climb")
    ended = run_trial(workplace, written, "0.1", Rule("val_acc", "1.0", "less", 4))
    # The shell's last word is success: Katib knows of the early stop from the collector, and the Job does not fail.
    assert (ended.status, ended.collector_status, ended.stopped) == (0, 0, True)
    assert "Training Container was Early Stopped" in ended.printed
    values = [float(log.value) for log in ended.logs if log.name == "val_acc"]
    assert values == [step * 0.1 for step in range(len(values))]
    assert 4 <= len(values) < 200
    assert end(workplace, "0.1").state is TrialState.PRUNED


def test_a_trial_that_is_good_at_the_checkpoint_runs_to_its_end(workplace: Path) -> None:
    ended = run_trial(workplace, experiment(workplace, "toy:quadratic"), "0.3", Rule("val_acc", "-5", "less", 2))
    assert (ended.status, ended.collector_status, ended.stopped) == (0, 0, False)
    assert end(workplace, "0.3").state is TrialState.COMPLETE


@pytest.mark.parametrize("rules", [[], [Rule("val_acc", "1.0", "less", 4)]], ids=["plain", "with early stopping"])
def test_a_trial_that_fails_fails_its_pod(workplace: Path, rules: list[Rule]) -> None:
    (workplace / "broken.py").write_text("def train(params, trial):\n    raise ZeroDivisionError\n", encoding="utf-8")
    ended = run_trial(workplace, experiment(workplace, "broken:train"), "0.7", *rules)
    assert ended.status == 1 and ended.collector_status == 1
    assert "ZeroDivisionError" in ended.printed
    assert ("Training Container was Failed" in ended.printed) == bool(rules)


@pytest.mark.slow
def test_a_trial_with_more_reports_than_katibs_database_takes_succeeds(workplace: Path) -> None:
    (workplace / "talkative.py").write_text(TALKATIVE, encoding="utf-8")
    written = experiment(workplace, "talkative:train")
    ended = run_trial(workplace, written, "0.1")
    assert (ended.status, ended.collector_status) == (0, 0), ended.printed[-2000:]
    end_of_trial = trial_end(written, ended)
    assert end_of_trial.phase == "Succeeded" and end_of_trial.observation is not None
    assert {name: each.latest for name, each in end_of_trial.observation.items()} == {"val_acc": "7.5", "twice": "2.0"}


def test_katib_fails_a_trial_with_too_many_values_and_waits_for_a_stopped_one_without() -> None:
    logs = [MetricLog("2026-01-01T00:00:00Z", "val_acc", "1.0")] * (MOST_ROWS + 1)
    template = {"retain": False}
    written = {"spec": {"objective": {"objectiveMetricName": "val_acc"}, "trialTemplate": template, "maxTrialCount": 2}}
    assert trial_end(written, Ended(0, "", 0, False, logs)).phase == "Failed"
    assert trial_end(written, Ended(0, "", 0, False, logs[1:])).phase == "Succeeded"
    stopped = trial_end(written, Ended(0, "", 0, True, logs[:1]))
    assert stopped.observation is None and requests(written, [stopped]) == 1, "the one that it has"
    template["retain"] = True
    stopped = trial_end(written, Ended(0, "", 0, True, logs[:1]))
    assert stopped.observation is not None and requests(written, [stopped]) == 2
