"""A sweep with a median pruner on Katib, from `submit --wait` to the table: real processes, and Katib's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.client.diagnostics import Complaints
from morphogenetic_engine.backends.katib.client.experiments import snapshot
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibOnThisMachine
from tests.backends.katib.client.collected_sweep import collected
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.waiting import until

pytestmark = pytest.mark.slow

SWEEP = """
sweep_type: bayesian
experiment: {workload: "climbing:climb"}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 1}
optimization: {n_trials: 6, pruner: MedianPruner, pruner_options: {n_startup_trials: 2, n_warmup_steps: 1},
  secondary_metrics: [loss]}
resources: {image: "registry/toy:1"}
"""
CLIMBING = '''
import time

def climb(params, trial):
    """Reports twice; a bad trial then waits to be stopped."""
    value = float(params["x"] > 0.4)
    for step in range(2):
        trial.report(step, {"val_acc": value, "loss": 1.0})
    while not value:
        time.sleep(0.01)
    return {"val_acc": value, "loss": 0.5}
'''


@pytest.fixture(autouse=True)
def sweep(workplace: Path) -> None:
    """A sweep of six trials, the last two of which are stopped early."""
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    (workplace / "climbing.py").write_text(CLIMBING, encoding="utf-8")


def test_a_sweep_whose_trials_are_stopped_early_ends(
    command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    with KatibOnThisMachine(cluster, workplace):
        ran = command(*SUBMIT, "--wait")
    assert ran.status == 0, ran.err
    result = collected()
    assert result.outcome is Outcome.FINISHED
    states = [trial.state for trial in result.trials]
    assert states == [TrialState.COMPLETE] * 4 + [TrialState.PRUNED] * 2
    assert {trial.metrics["loss"] for trial in result.trials[:4]} == {0.5}
    assert all(trial.metrics.keys() == {"val_acc"} for trial in result.trials[4:])
    assert all(trial.duration > 0 for trial in result.trials)
    assert "2 pruned" in ran.out


def test_katib_that_waits_for_a_metric_for_ever_is_told(
    command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    """Does what Katib does once the Job of a stopped trial is deleted: nothing runs, nothing is asked for, no end."""
    command(*SUBMIT)
    experiment = cluster.get("experiments", "ml", "toy")
    template = experiment["spec"]["trialTemplate"]  # type: ignore[index]
    template["retain"] = False
    cluster.put("experiments", "ml", experiment)
    lines: list[str] = []
    with KatibOnThisMachine(cluster, workplace):
        until(lambda: cluster.names("suggestions") == ["toy"])
    complaints = Complaints(KatibApi(connect()), lines.append, stall_seconds=0.0)
    for _ in range(3):
        complaints.look(snapshot(KatibApi(connect()), "toy"))
    assert len(lines) == 1
    line = lines[0]
    assert "Experiment ml/toy: no trial has run for 0 minutes and Katib asks for none" in line
    assert "5 trials have ended, 5 were asked for and 5 given" in line
    assert "morphogenetic sweep stop --experiment toy --namespace ml" in line
    ran = command(*"sweep stop --experiment toy".split())
    assert "4 complete, 1 pruned" in ran.out
