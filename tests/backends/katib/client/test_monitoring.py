"""The live monitor of a sweep on Katib, beside the process that collects it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from websockets.exceptions import ConnectionClosed

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.collected_sweep import COLLECT, FOLDER
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.monitor.conftest import Json, monitoring, received, received_until
from tests.monitor.test_serving import monitor_of
from tests.monitor.viewer import Viewer
from tests.waiting import DEADLINE_SECONDS

WATCH = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", "watch", "--experiment", "toy", "--serve", "--port=0"]


def seen(viewer: Viewer, *states: str) -> bool:
    """Returns whether a viewer sees trials in these states, in the order of their numbers."""
    return [row[1] for _, row in sorted(viewer.rows.items())] == list(states)


def test_a_folder_that_is_collected_now_and_then_is_followed(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    command(*COLLECT)
    viewer = Viewer()

    def sees(state: str, *states: str) -> bool:
        def after(message: Json) -> bool:
            viewer.take(message)
            return message["state"] == state and seen(viewer, *states)

        return bool(received_until(socket, after))

    with monitoring(SweepFolder(FOLDER)) as monitor, monitor.watch() as socket:
        assert sees("on Katib", "running")
        katib.end("a", "Succeeded", val_acc=0.5, twice=1)
        katib.start("b", x="0.7")
        command(*COLLECT)
        assert sees("on Katib", "complete", "running")
        katib.end("b", "Failed", "Trial has failed. Job reason: DeadlineExceeded")
        katib.finish()
        command(*COLLECT)
        assert sees("finished", "complete", "failed")
    assert viewer.summary["reasons"] == {"timeout": 1} and len(viewer.failures) == 1


@pytest.mark.slow
def test_watch_serves_what_it_collects_and_is_not_stopped_in_the_place_of_the_experiment(
    command: Command, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    viewer = Viewer()
    with subprocess.Popen(WATCH, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            monitor = monitor_of(process, FOLDER)
            with monitor.watch() as socket:
                first = received_until(socket, lambda message: bool(message["rows"]))
                viewer.take(first)
                assert first["state"] == "running" and seen(viewer, "running")
                assert "morphogenetic sweep stop --experiment toy --namespace ml" in str(first["why_not_stop"])
                answer = monitor.ask("/stop", method="POST", headers={"X-Monitor-Token": monitor.access.token})
                assert answer.status == 409 and process.poll() is None
                katib.end("a", "Succeeded", val_acc=0.5, twice=1)
                katib.finish()
                with pytest.raises(ConnectionClosed):
                    while True:
                        viewer.take(received(socket))
            assert process.wait(DEADLINE_SECONDS) == 0
        finally:
            process.kill()
    assert seen(viewer, "complete")


def test_serve_without_wait_is_refused(command: Command) -> None:
    assert "--serve: shows the sweep for as long as this command stays; add --wait" in command(*SUBMIT, "--serve").err
