"""Emulates the metrics collector beside a trial, as a program: it watches the log, stops the trial early, and reports.

In a pod it finds the trial's shell by itself: the processes of a shared process namespace whose parent is outside of
it are its containers' first ones. What the real one sends to Katib's database it prints: one JSON object.

Source: cmd/metricscollector/v1beta1/file-metricscollector/main.go, pkg/metricscollector/v1beta1/common/pns.go.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path

from .collector import collect
from .median_stop import Rule, Watch

POLL_SECONDS = 0.05
STOP_SECONDS = 600.0


def main() -> None:
    """Runs the collector with the arguments that the webhook gives it."""
    given = _arguments()
    shell = given.main_pid or _main_process()
    rules = [Rule.parse(each) for each in given.rules]
    stopped = _follow(given, shell, rules)
    # Of a trial that is stopped the metrics are reported as soon as it has its signal, before it has ended.
    logs = collect(given.path.read_text(encoding="utf-8"), given.metrics.split(";"))
    if stopped:
        _wait_for(shell)
    _check_end(given.path.parent / f"{shell}.pid", stopped)
    print(json.dumps({"trial": given.trial, "stopped": stopped, "logs": [asdict(log) for log in logs]}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-t", dest="trial", required=True)
    parser.add_argument("-m", dest="metrics", required=True)
    parser.add_argument("-o-type", dest="goal", required=True)
    parser.add_argument("-path", dest="path", type=Path, required=True)
    parser.add_argument("-format", choices=["TEXT"], required=True)
    parser.add_argument("-stop-rule", dest="rules", action="append", default=[])
    parser.add_argument("--main-pid", type=int, help="where there is no process namespace of a pod")
    return parser.parse_args()


def _main_process() -> int:
    """Returns the first process of the trial's container: not this one, and not the pod's own, which is number 1."""
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        found = [pid for pid in _processes() if pid not in (1, os.getpid()) and _parent(pid) == 0]
        if len(found) == 1:
            return found[0]
        time.sleep(POLL_SECONDS)
    raise SystemExit("unable to find main pid")


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _parent(pid: int) -> int | None:
    """Returns a process' parent; None for one that has ended, waited for or not."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def _follow(given: argparse.Namespace, shell: int, rules: list[Rule]) -> bool:
    """Reads the log while the trial runs; returns whether it was stopped early."""
    watch = Watch(rules, given.metrics.split(";")[0], given.goal) if rules else None
    at, rest = 0, ""
    while True:
        running = _parent(shell) is not None
        if given.path.exists():
            with given.path.open(encoding="utf-8") as file:
                file.seek(at)
                *lines, rest = (rest + file.read()).split("\n")
                at = file.tell()
            if watch is not None and any(watch.line(line) for line in lines):
                _stop(given.path.parent, shell)
                return True
        if not running:
            return False
        time.sleep(POLL_SECONDS)


def _stop(folder: Path, shell: int) -> None:
    (folder / f"{shell}.pid").write_text("early-stopped", encoding="utf-8")
    children = [pid for pid in _processes() if _parent(pid) == shell]
    if len(children) != 1:
        raise SystemExit(f"Multiple children processes are not supported. Children processes: {children}")
    os.kill(children[0], signal.SIGTERM)


def _wait_for(shell: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while _parent(shell) is not None:
        if time.monotonic() > deadline:
            raise SystemExit("the trial has not ended")
        time.sleep(POLL_SECONDS)


def _check_end(mark: Path, stopped: bool) -> None:
    """Checks the mark that the shell leaves; without it the real collector ends with an error, and the pod fails."""
    said = mark.read_text(encoding="utf-8").strip() if mark.exists() else "nothing"
    # After an early stop the shell goes on to its last words, and writes over the mark.
    if said != "completed":
        raise SystemExit(f"the trial's shell has ended, but {mark} says {said}, stopped early: {stopped}")


if __name__ == "__main__":
    main()
