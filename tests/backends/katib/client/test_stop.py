"""Stopping a sweep on Katib, and trials that run on after its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.collected_sweep import collected, wait_for_line
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.waiting import DEADLINE_SECONDS, until


def goal_reached(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.start("b", x="0.7")
    katib.finish(reason="ExperimentGoalReached")


def test_trials_that_run_on_after_the_goal_are_named_by_watch_and_ended_by_stop(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    goal_reached(command, katib)
    ran = command(*"sweep watch --experiment toy".split())
    assert "1 trials still run; end them with: morphogenetic sweep stop --experiment toy --namespace ml" in ran.err
    assert cluster.names("trials") == ["a", "b"]
    ran = command(*"sweep stop --experiment toy".split())
    assert ran.status == 0 and "Experiment ml/toy: 1 trials that still ran were ended" in ran.out
    assert cluster.names("trials") == ["a"] and cluster.names("experiments") == ["toy"]
    assert collected().outcome is Outcome.EARLY_STOPPED
    assert [trial.state for trial in collected().trials] == [TrialState.COMPLETE, TrialState.INTERRUPTED]


def test_submit_wait_ends_what_runs_on_after_the_goal(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    goal_reached(command, katib)
    assert command(*SUBMIT, "--wait").status == 0
    assert cluster.names("trials") == ["a"]
    assert collected().outcome is Outcome.EARLY_STOPPED


def test_stop_collects_first_and_then_deletes_the_experiment_with_all_that_runs(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.start("b", x="0.7")
    ran = command(*"sweep stop --experiment toy".split())
    assert ran.status == 0 and "Experiment ml/toy: deleted, 1 trials that still ran were ended" in ran.out
    assert cluster.names("experiments") == cluster.names("trials") == []
    assert collected().outcome is Outcome.INTERRUPTED
    assert [trial.state for trial in collected().trials] == [TrialState.COMPLETE, TrialState.INTERRUPTED]
    assert command(*"sweep stop --experiment toy".split()).status == 2


@pytest.mark.slow
def test_stop_ends_a_sweep_that_another_command_follows_here_and_that_one_collects(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.start("b", x="0.7")
    words = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *"watch --experiment toy".split()]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_line(process, lambda line: line.startswith("[1/3] trial 0"))
        until(lambda: len(collected().trials) == 2)
        ran = command(*"sweep stop --experiment toy".split())
        assert ran.status == 0, ran.err
        assert "Experiment ml/toy: ended; the command that follows it collects into" in ran.out
        assert process.wait(DEADLINE_SECONDS) == 0
        assert process.stderr is not None and "was deleted before it was completed" in process.stderr.read()
    assert cluster.names("experiments") == cluster.names("trials") == []
    assert collected().outcome is Outcome.INTERRUPTED
    assert [trial.state for trial in collected().trials] == [TrialState.COMPLETE, TrialState.INTERRUPTED]


def test_stop_that_may_not_delete_leaves_the_experiment_and_says_so(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    cluster.forbidden = {("delete", "experiments")}
    ran = command(*"sweep stop --experiment toy".split())
    assert ran.status == 2 and "may not delete experiments ml/toy" in ran.err
    assert collected().outcome is None and collected().trials[0].state is TrialState.RUNNING
