"""`sweep watch` and `submit --wait`, while the Experiment and the connection change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.client.watch import follow
from morphogenetic_engine.backends.katib.read.objects import Snapshot
from morphogenetic_engine.backends.kubernetes.api_errors import Unreachable
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.record.events import Outcome
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand, KatibOnThisMachine
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer
from tests.backends.katib.client.collected_sweep import FOLDER, collected, steady, wait_for_line
from tests.backends.katib.client.conftest import SWEEP, Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.waiting import DEADLINE_SECONDS, until


class Follower:
    """Follows the Experiment `toy` in a thread."""

    def __init__(self, patience: float = DEADLINE_SECONDS, watch_seconds: int = 1) -> None:
        self.snapshots: list[Snapshot] = []
        self.troubles: list[str] = []
        self.error: Exception | None = None
        api = KatibApi(connect())
        options = {"patience": patience, "watch_seconds": watch_seconds}

        def run() -> None:
            try:
                for snapshot in follow(api, "toy", trouble=self.troubles.append, **options):  # type: ignore[arg-type]
                    self.snapshots.append(snapshot)
            except (ClusterError, AssertionError) as error:
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def sees(self, **phases: str) -> bool:
        """Returns whether the last snapshot has these trials in these phases, and no others."""
        if not self.snapshots:
            return False
        return {each.name: each.condition.phase.value for each in self.snapshots[-1].trials} == phases

    def ends(self) -> None:
        self.thread.join(DEADLINE_SECONDS)
        assert not self.thread.is_alive()


def test_every_change_is_seen_until_the_experiment_is_completed(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    follower = Follower()
    katib.start("a", x="0.1")
    until(lambda: follower.sees(a="Running"))
    katib.end("a", "Succeeded", val_acc=1)
    until(lambda: follower.sees(a="Succeeded"))
    katib.start("b", x="0.7")
    until(lambda: follower.sees(a="Succeeded", b="Running"))
    cluster.remove("trials", "ml", "b")
    until(lambda: follower.sees(a="Succeeded"))
    katib.finish()
    follower.ends()
    assert follower.error is None and not follower.troubles
    assert follower.snapshots[-1].experiment.completed and not follower.snapshots[0].experiment.completed


@pytest.mark.slow
def test_what_is_too_old_to_watch_from_is_listed_anew(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    follower = Follower(watch_seconds=4)
    until(lambda: follower.sees(a="Running"))
    with cluster.lock:
        katib.end("a", "Succeeded", val_acc=1)
        katib.start("b", x="0.7")
        cluster.forget()
    until(lambda: follower.sees(a="Succeeded", b="Running"))
    katib.finish()
    follower.ends()
    assert follower.error is None and not follower.troubles


@pytest.mark.slow
def test_a_server_that_restarts_is_found_again(command: Command, server: KubernetesServer, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    follower = Follower(watch_seconds=4)
    until(lambda: follower.sees(a="Running"))
    server.stop()
    katib.end("a", "Succeeded", val_acc=1)  # nobody is told
    until(lambda: follower.troubles)
    server.start()
    until(lambda: follower.sees(a="Succeeded"))
    katib.finish()
    follower.ends()
    assert follower.error is None
    assert all(line.startswith(server.url) and "trying again in" in line for line in follower.troubles)


@pytest.mark.slow
def test_a_busy_server_is_asked_again(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    cluster.failures = [503, 429, 500]
    follower = Follower()
    until(lambda: follower.sees(a="Running"))
    katib.finish()
    follower.ends()
    assert len(follower.troubles) == 3 and "the server is busy (503)" in follower.troubles[0]


@pytest.mark.slow
def test_a_watch_that_is_closed_at_once_is_not_asked_for_without_end(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    cluster.deaf = True
    follower = Follower()
    katib.start("a", x="0.1")
    until(lambda: len(follower.snapshots) >= 3)
    asked = sum(request.endswith("/trials") for request in cluster.requests)
    assert asked <= len(follower.snapshots) + 2
    katib.finish()
    follower.ends()
    assert follower.error is None and follower.snapshots[-1].trials


def test_credentials_that_were_renewed_are_read_again(
    command: Command, cluster: FakeKubernetes, server: KubernetesServer, kubeconfig: Path, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    follower = Follower()
    until(lambda: follower.sees(a="Running"))
    server.kubeconfig(kubeconfig, token="tomorrow")
    cluster.token = "tomorrow"
    katib.end("a", "Succeeded", val_acc=1)
    until(lambda: follower.sees(a="Succeeded"))
    cluster.token = "the day after"
    follower.ends()
    assert "rejects the credentials (401)" in str(follower.error)


def test_patience_ends(command: Command, server: KubernetesServer) -> None:
    command(*SUBMIT)
    follower = Follower(patience=0.5)
    until(lambda: follower.snapshots)
    server.stop()
    follower.ends()
    server.start()
    assert isinstance(follower.error, Unreachable)


def test_an_experiment_that_somebody_deletes(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    follower = Follower()
    until(lambda: follower.sees(a="Running"))
    cluster.remove("experiments", "ml", "toy")
    follower.ends()
    assert "has no Experiment ml/toy" in str(follower.error)


@pytest.mark.slow
def test_another_experiment_of_the_name_is_not_mixed_in(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    words = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *"watch --experiment toy".split()]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: (FOLDER / "journal.jsonl").exists() and collected().trials)
        with cluster.lock:
            manifest = cluster.get("experiments", "ml", "toy")
            manifest["metadata"]["uid"] = "another"  # type: ignore[index]
            cluster.put("experiments", "ml", manifest)
            katib.start("b", x="0.7")
        assert process.wait(DEADLINE_SECONDS) == 2
        assert process.stderr is not None
        said = process.stderr.read()
    assert "belongs to another Experiment, ml/toy" in said and "Traceback" not in said
    assert [trial.number for trial in collected().trials] == [0]


@pytest.mark.slow
def test_a_sweep_on_katib_has_the_trial_table_of_a_local_one(
    command: Command, cluster: FakeKubernetes, workplace: Path
) -> None:
    """From the file to the report: submitted, run, collected; every trial a process behind Katib's wrapper."""
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local")
    with KatibOnThisMachine(cluster, workplace):
        ran = command(*SUBMIT, "--wait")
    assert ran.status == 0, ran.err
    assert "Experiment ml/toy created" in ran.out and "[3/3] trial" in ran.out
    assert "finished: 3 complete of 3 trials" in ran.out and f"report: {FOLDER}/report.html" in ran.out
    assert steady(FOLDER) == steady(Path("results/sweeps/local"))


def test_watching_again_after_it_is_done_shows_the_same(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.finish()
    first, again = (command("sweep", "watch", "--experiment", "toy") for _ in range(2))
    assert first.status == again.status == 0
    assert "finished: 1 complete of 3 trials" in first.out and "finished: 1 complete of 3 trials" in again.out


@pytest.mark.slow
def test_ctrl_c_leaves_the_experiment_running_and_says_how_to_come_back(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    words = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *SUBMIT[1:], "--wait"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_line(process, lambda line: line.startswith("[1/3] trial 0"))
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 130
        assert process.stderr is not None
        said = process.stderr.read()
    assert "Experiment ml/toy goes on; come back with: morphogenetic sweep watch --experiment toy" in said
    assert "Traceback" not in said
    assert cluster.names("experiments") == ["toy"] and cluster.names("trials") == ["a"]
    katib.finish()
    assert command(*"sweep watch --experiment toy".split()).status == 0
    assert collected().outcome is Outcome.FINISHED


def test_a_failed_experiment_ends_with_1(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Failed", "no luck")
    katib.finish("Failed", "ExperimentFailed", "Experiment has failed because max failed count has reached")
    ran = command(*"sweep watch --experiment toy".split())
    assert ran.status == 1 and "aborted: 1 failed of 3 trials (Experiment has failed because max failed" in ran.out


def test_a_failed_experiment_whose_trials_run_on_ends_with_1_too(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.start("b", x="0.7")
    katib.finish("Failed", "ExperimentFailed", "Suggestion has failed.")
    for words in ("watch", "collect", "stop", "watch"):
        assert command("sweep", words, "--experiment", "toy").status == 1, words


@pytest.mark.parametrize("words", ["watch", "stop"])
def test_an_experiment_that_never_was(command: Command, words: str) -> None:
    ran = command("sweep", words, "--experiment", "nothing")
    assert ran.status == 2 and "has no Experiment ml/nothing" in ran.err and ran.err.count("\n") == 1
    assert SWEEP and not Path("results").exists()
