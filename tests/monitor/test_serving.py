"""`--serve` and `sweep monitor` as a user runs them: real sweeps, killed, stopped and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from morphogenetic_engine.monitor.access import access_of
from morphogenetic_engine.monitor.listener import address_of, listen
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from tests.monitor.conftest import Monitor, received, received_until
from tests.monitor.viewer import Viewer
from tests.waiting import DEADLINE_SECONDS, until

pytestmark = pytest.mark.slow

SWEEP = """
experiment: {{workload: "toy:held"}}
parameters: {{x: {{type: float, low: 0, high: 1, points: {trials}}}}}
execution: {{max_parallel: 2}}
"""


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Runs `morphogenetic sweep ...`, and ends it in any case."""
    whole = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *arguments]
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def monitor_of(process: subprocess.Popen[str], folder: Path) -> Monitor:
    """Returns the monitor that a command says it runs, with the token of its page."""
    assert process.stdout is not None
    line = next(line for line in process.stdout if "http://127.0.0.1:" in line)
    port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
    monitor = Monitor(port, access_of("127.0.0.1", port), lambda: None)
    until(lambda: (folder / "monitor.log").exists() or process.poll() is None)
    page = monitor.ask("/").body.decode()
    token = page.split('name="monitor-token" content="')[1].split('"')[0]
    return Monitor(port, access_of("127.0.0.1", port, token=token), lambda: None)


def let_go() -> None:
    """Lets the trials that wait end."""
    Path("hold").unlink()


def free_port() -> int:
    with listen(port=0) as listener:
        return address_of(listener)[1]


@pytest.fixture
def sweep_file(workplace: Path) -> Callable[..., Path]:
    """Writes a sweep file, of whose trials those after the first four wait for `let_go`."""

    def write(*, trials: int) -> Path:
        (workplace / "hold").write_text(" ".join(map(str, range(4, trials))), encoding="utf-8")
        path = workplace / "sweep.yaml"
        path.write_text(SWEEP.format(trials=trials), encoding="utf-8")
        return path

    return write


def test_a_sweep_is_followed_from_its_start_to_its_end(sweep_file: Callable[..., Path], workplace: Path) -> None:
    folder = SweepFolder(workplace / "results/sweeps/s")
    with command("run", "--config", str(sweep_file(trials=30)), "--sweep-id", "s", "--serve", "--port=0") as run:
        monitor, viewer = monitor_of(run, folder.path), Viewer()
        with monitor.watch() as socket:
            let_go()
            with pytest.raises(ConnectionClosed):
                while True:
                    viewer.take(received(socket))
        assert run.wait(DEADLINE_SECONDS) == 0
    assert viewer.offset == folder.journal.stat().st_size
    assert [row[1] for row in viewer.rows.values()] == ["complete"] * 30
    assert (folder.path / "monitor.log").read_text() == ""


def test_stop_ends_the_sweep_as_interrupted_and_resume_goes_on_for_the_same_viewer(
    sweep_file: Callable[..., Path], workplace: Path
) -> None:
    folder, port = SweepFolder(workplace / "results/sweeps/s"), f"--port={free_port()}"
    file, viewer = str(sweep_file(trials=40)), Viewer()
    with command("run", "--config", file, "--sweep-id", "s", "--serve", port) as run:
        monitor = monitor_of(run, folder.path)
        with monitor.watch() as socket:
            while viewer.summary.get("best") is None:
                viewer.take(received(socket))
            header = {"X-Monitor-Token": monitor.access.token}
            assert monitor.ask("/stop", method="POST", headers=header).status == 202
            for _ in range(2):  # impatience does no harm
                with suppress(ConnectionError):  # the monitor may have ended with the sweep by now
                    monitor.ask("/stop", method="POST", headers=header)
            with pytest.raises(ConnectionClosed):
                while True:
                    viewer.take(last := received(socket))
            assert (last["state"], last["over"]) == ("interrupted", True)
        assert run.wait(DEADLINE_SECONDS) == 130
    assert read_result(folder).outcome is Outcome.INTERRUPTED
    with command("resume", "--sweep-id", "s", "--serve", port) as resumed:
        monitor = monitor_of(resumed, folder.path)
        with monitor.watch(f"?journal={viewer.journal}&offset={viewer.offset}") as socket:
            let_go()
            with pytest.raises(ConnectionClosed):
                while True:
                    viewer.take(received(socket))
        assert resumed.wait(DEADLINE_SECONDS) == 0
    assert [row[1] for _, row in sorted(viewer.rows.items())] == ["complete"] * 40


def test_a_killed_monitor_costs_the_sweep_one_warning(sweep_file: Callable[..., Path], workplace: Path) -> None:
    folder = workplace / "results/sweeps/s"
    with command("run", "--config", str(sweep_file(trials=10)), "--sweep-id", "s", "--serve", "--port=0") as run:
        monitor_of(run, folder)
        [child] = [
            each for each in psutil.Process(run.pid).children() if "morphogenetic_engine.monitor" in each.cmdline()
        ]
        child.kill()
        until(lambda: child.status() == psutil.STATUS_ZOMBIE)
        let_go()
        assert run.stdout is not None
        said = run.stdout.read()
        assert run.wait(DEADLINE_SECONDS) == 0
    assert "warning: the monitor ended with status -9, see results/sweeps/s/monitor.log" in said
    assert "finished: 10 complete of 10 trials" in said


def test_the_monitor_leaves_when_the_sweep_is_killed(sweep_file: Callable[..., Path], workplace: Path) -> None:
    folder = workplace / "results/sweeps/s"
    with command("run", "--config", str(sweep_file(trials=40)), "--sweep-id", "s", "--serve", "--port=0") as run:
        monitor = monitor_of(run, folder)
        [child] = [
            each for each in psutil.Process(run.pid).children() if "morphogenetic_engine.monitor" in each.cmdline()
        ]
        with monitor.watch() as socket:
            received_until(socket, lambda message: bool(message["rows"]))
            run.kill()
            assert received_until(socket, lambda message: message["over"] is True)["state"] == "killed"
        child.wait(DEADLINE_SECONDS)


def test_a_sweep_that_runs_elsewhere_is_shown_stopped_and_outlived(
    sweep_file: Callable[..., Path], workplace: Path
) -> None:
    folder = workplace / "results/sweeps/s"
    with command("run", "--config", str(sweep_file(trials=40)), "--sweep-id", "s") as run:
        until((folder / "journal.jsonl").exists)
        with command("monitor", "--sweep-id", "s", "--port=0") as showing:
            monitor = monitor_of(showing, folder)
            with monitor.watch() as socket:
                received_until(socket, lambda message: bool(message["rows"]))
                header = {"X-Monitor-Token": monitor.access.token}
                assert monitor.ask("/stop", method="POST", headers=header).status == 202
                received_until(socket, lambda message: message["state"] == "interrupted")
            assert run.wait(DEADLINE_SECONDS) == 130
            assert json.loads(monitor.ask("/stop", method="POST", headers=header).body)["message"].startswith(
                "no process"
            )
            showing.send_signal(signal.SIGINT)
            assert showing.wait(DEADLINE_SECONDS) == 0


def test_the_options_of_the_monitor_need_it(sweep_file: Callable[..., Path]) -> None:
    file = str(sweep_file(trials=1))
    with listen(port=0) as taken:
        port = address_of(taken)[1]
        for arguments, reason in (
            (["--port=0"], "--host, --port and --allow-host apply to the monitor: add --serve"),
            (["--serve", f"--port={port}"], f"--port {port} at 127.0.0.1: Address already in use"),
        ):
            with command("run", "--config", file, *arguments) as run:
                assert run.stdout is not None
                assert reason in run.stdout.read()
                assert run.wait(DEADLINE_SECONDS) == 2
    assert not Path("results").exists()


def test_a_token_of_the_users_own_is_asked_for(
    sweep_file: Callable[..., Path], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORPHOGENETIC_MONITOR_TOKEN", "a-token-that-the-user-chose")
    assert workplace.exists()
    with command("run", "--config", str(sweep_file(trials=40)), "--sweep-id", "s", "--serve", "--port=0") as run:
        assert run.stdout is not None
        line = next(line for line in run.stdout if "#token=" in line)
        address, token = line.removeprefix("monitor: ").strip().split("#token=")
        assert token == "a-token-that-the-user-chose"
        with connect(
            address.replace("http", "ws") + "events",
            additional_headers={"Authorization": f"Bearer {token}"},
            proxy=None,
        ) as socket:
            assert received(socket)["state"] in {"new", "running"}
        os.kill(run.pid, signal.SIGTERM)
        assert run.wait(DEADLINE_SECONDS) == 130
