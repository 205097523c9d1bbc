"""Workloads for the tests of sweeps: small, fast, and with every kind of behaviour."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from morphogenetic_engine.errors import Pruned, TrialFailed
from morphogenetic_engine.trial import Metrics, Params, Trial, declare


def quadratic(params: Params, trial: Trial) -> Metrics:
    """Three reports on the way to a smooth objective with a little seeded noise."""
    value = -((float(params["x"]) - 0.3) ** 2) + trial.seed % 1000 / 1e6
    for step in range(3):
        trial.report(step, {"val_acc": value * (3 - step)})
    time.sleep(float(params.get("seconds", 0)))
    return {"val_acc": value, "twice": 2 * value}


def held(params: Params, trial: Trial) -> Metrics:
    """Like `quadratic`, but waits at its end while the file `hold` has the name of the trial's folder."""
    hold = Path("hold")
    metrics = quadratic(params, trial)
    while hold.exists() and trial.dir.name in hold.read_text(encoding="utf-8").split():
        time.sleep(0.005)
    return metrics


def nothing(params: Params, _trial: Trial) -> Metrics:
    """The least a workload can do."""
    return {"val_acc": float(params["x"])}


def slow_first(params: Params, trial: Trial) -> Metrics:
    """Early trials take longer, so that with several workers trials end out of order."""
    time.sleep(0.05 if trial.number % 4 == 0 else 0.0)
    return {"val_acc": float(params["x"])}


def moody(params: Params, trial: Trial) -> Metrics:
    """Ends as the parameter `mood` says."""
    mood = params["mood"]
    attempt = len(list(trial.dir.glob("attempt-*")))
    (trial.dir / f"attempt-{attempt}").touch()
    if mood == "raise":
        raise ZeroDivisionError("no luck")
    if mood == "raise_once" and attempt == 0:
        raise ZeroDivisionError("no luck at first")
    if mood == "crash" or (mood == "crash_once" and attempt == 0):
        os.kill(os.getpid(), signal.SIGKILL)
    if mood == "nan":
        return {"val_acc": float("nan")}
    if mood == "missing":
        return {"loss": 1.0}
    if mood == "prune":
        raise Pruned("not worth it")
    if mood == "stuck_in_c":
        # PyDLL keeps the interpreter's lock: no Python code of this process runs again.
        ctypes.PyDLL(None).pause()
    if mood == "print":
        print("hello from the trial")
    return {"val_acc": 1.0}


def with_grandchild(_params: Params, trial: Trial) -> Metrics:
    """Starts a program that would outlive the trial, and says its process id."""
    # pylint: disable-next=consider-using-with
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    Path(trial.dir / "grandchild").write_text(str(child.pid), encoding="utf-8")
    trial.report(0, {"val_acc": 0.0})
    time.sleep(3600)
    return {"val_acc": 0.0}


@declare(parameters=frozenset({"x", "y"}), metrics=frozenset({"val_acc"}))
def declared(params: Params, _trial: Trial) -> Metrics:
    """Knows its parameters and metrics."""
    return {"val_acc": float(params["x"])}


def uneven(params: Params, trial: Trial) -> Metrics:
    """Reports that rise towards how good the point is; trials take unequal times, so that they end out of order."""
    height = -((float(params["x"]) - 0.4) ** 2) - (float(params["y"]) - 0.7) ** 2
    for step in range(8):
        trial.report(step, {"val_acc": height - 1 / (step + 1), "step": step})
        time.sleep(0.004 * (trial.number * 7 % 3))
    return {"val_acc": height, "step": 8}


def resumable(params: Params, trial: Trial) -> Metrics:
    """Like `uneven`, but goes on after the last step that it saved."""
    height = -((float(params["x"]) - 0.4) ** 2) - (float(params["y"]) - 0.7) ** 2
    saved = trial.dir / "saved"
    for step in range(int(saved.read_text(encoding="utf-8")) if saved.exists() else 0, 8):
        trial.report(step, {"val_acc": height - 1 / (step + 1), "step": step})
        saved.with_suffix(".new").write_text(str(step + 1), encoding="utf-8")
        os.replace(saved.with_suffix(".new"), saved)
        time.sleep(0.004)
    return {"val_acc": height, "step": 8}


def saving(params: Params, trial: Trial) -> Metrics:
    """Goes on after the last step that it saved, which it does before it reports the step."""
    saved = trial.dir / "saved"
    first = int(saved.read_text(encoding="utf-8")) if saved.exists() else 0
    for step in range(first, 6):
        saved.write_text(str(step + 1), encoding="utf-8")
        trial.report(step, {"val_acc": float(params["x"]) + step * float(params["y"])})
    return {"val_acc": float(params["x"]) + 5 * float(params["y"])}


def chancy(params: Params, trial: Trial) -> Metrics:
    """A result that depends on the seed; writes down that it ran, and which seed it had."""
    with (trial.dir / "ran").open("a", encoding="utf-8") as file:
        print(trial.seed, file=file)
    trial.report(0, {"val_acc": float(params["x"])})
    time.sleep(float(params.get("seconds", 0)))
    return {"val_acc": float(params["x"]) + trial.seed % 7 / 100, "luck": trial.seed % 7}


def patient(params: Params, trial: Trial) -> Metrics:
    """Trial 0 ends after trial 6 has begun, whatever that takes."""
    (Path("begun") / str(trial.number)).touch()
    if trial.number == 0:
        until_exists(Path("begun/6"))
    trial.report(0, {"val_acc": float(params["x"])})
    return {"val_acc": float(params["x"])}


def late_thread(params: Params, trial: Trial) -> Metrics:
    """Leaves a thread that reports after the trial has ended, and writes down what that report raised."""

    def later() -> None:
        until_exists(Path("ended") / str(trial.number))
        try:
            trial.report(99, {"val_acc": 1000.0})
        except Exception as error:  # pylint: disable=broad-exception-caught  # the test reads it
            Path("raised", str(trial.number)).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")

    if trial.number > 0:
        (Path("ended") / str(trial.number - 1)).touch()
        until_exists(Path("raised") / str(trial.number - 1))
    threading.Thread(target=later, daemon=True).start()
    for step in range(2):
        trial.report(step, {"val_acc": float(params["x"])})
    return {"val_acc": float(params["x"])}


def forked(params: Params, trial: Trial) -> Metrics:
    """Returns in two processes, as a data loader that forks and forgets to leave."""
    if trial.number == 1 and os.fork() == 0:
        try:
            trial.report(0, {"val_acc": -1.0})
        except TrialFailed:
            return {"val_acc": -1.0}
    return {"val_acc": float(params["x"])}


def stray_bytes(params: Params, trial: Trial) -> Metrics:
    """Writes to every descriptor that it can find, and checks that a program that it starts has none of them."""
    command = [sys.executable, "-c", "import os; print(*os.listdir('/proc/self/fd'))"]
    inherited = subprocess.run(command, close_fds=False, stdout=subprocess.PIPE, text=True, check=True).stdout
    (trial.dir / "descriptors").write_text(inherited, encoding="utf-8")
    for descriptor in range(3, 40) if trial.number == 1 else ():
        with suppress(OSError):
            os.write(descriptor, b"hello\n")
    return {"val_acc": float(params["x"])}


def closing(params: Params, trial: Trial) -> Metrics:
    """Closes every descriptor but the standard ones, then goes on for ever."""
    if trial.number == 1:
        os.closerange(3, 100)
        time.sleep(3600)
    return {"val_acc": float(params["x"])}


def swallowing(params: Params, trial: Trial) -> Metrics:
    """A framework that takes every exception of a report for a hiccup of its logging."""
    step = 0
    while step < int(params["steps"]):
        with suppress(Exception):
            trial.report(step, {"val_acc": -1 - step if trial.number > 2 else 0.0})
        step += 1
    return {"val_acc": 0.0}


def meddling(params: Params, trial: Trial) -> Metrics:
    """Needs the process as it was at the start, and leaves another one behind."""
    numbers = float(Path("data.txt").read_text(encoding="utf-8")), random.random()
    assert "MEDDLED" not in os.environ and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    os.environ["MEDDLED"] = "yes"
    os.chdir(trial.dir)
    os.umask(0o777)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    sys.stdout.close()
    sys.stderr = None
    return {"val_acc": numbers[0] * float(params["x"]), "luck": numbers[1]}


def process_id(_params: Params, _trial: Trial) -> Metrics:
    """Says in which process it ran."""
    return {"val_acc": float(os.getpid())}


def silent_first(params: Params, trial: Trial) -> Metrics:
    """Makes no reports, or does not give the objective, in as many trials as `silent` and `missing` say."""
    if trial.number < int(params.get("missing", 0)):
        return {"loss": 1.0}
    if trial.number >= int(params.get("silent", 0)):
        trial.report(0, {"val_acc": float(params["x"])})
    return {"val_acc": float(params["x"])}


def until_exists(path: Path) -> None:
    """Waits for a file, ten minutes at most."""
    deadline = time.monotonic() + 600
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {path}")
        time.sleep(0.005)


def rising(params: Params, trial: Trial) -> Metrics:
    """Nine reports that approach the objective, with crossings; goes on from a file in its folder if it `saves`."""
    saved = trial.dir / "step"
    first = int(saved.read_text(encoding="utf-8")) if saved.exists() and params.get("saves", 1) else 0
    value = -((float(params["x"]) - 0.3) ** 2) + trial.seed % 1000 / 1e5
    for step in range(first, 9):
        with (trial.dir / "steps").open("a", encoding="utf-8") as file:
            file.write(f"{step}\n")
        try:
            trial.report(step, {"val_acc": value - 0.2 / (step + 1 + trial.seed % 3)})
        finally:  # also when it pauses
            (trial.dir / "new").write_text(str(step + 1), encoding="utf-8")
            (trial.dir / "new").rename(saved)
        time.sleep(float(params.get("seconds", 0)))
    return {"val_acc": value, "twice": 2 * value}


def scheduled(params: Params, trial: Trial) -> Metrics:
    """Saves the learning rate of each of its eight steps: the value tells which ones it was trained with."""
    saved, rates = trial.dir / "rates", list[float]()
    if saved.exists():
        rates = [float(rate) for rate in saved.read_text(encoding="utf-8").split()]
    crash_at = params.get("crash_at")
    while len(rates) < 8:
        if crash_at == len(rates) and not (trial.dir.parent / f"crashed-{trial.dir.name}").exists():
            (trial.dir.parent / f"crashed-{trial.dir.name}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        rates.append(float(params["lr"]))
        try:
            trial.report(len(rates) - 1, {"val_acc": scheduled_value(rates, trial.seed)})
        finally:
            saved.write_text(" ".join(map(repr, rates)), encoding="utf-8")
    return {"val_acc": scheduled_value(rates, trial.seed)}


def scheduled_value(rates: list[float], seed: int) -> float:
    """The value of a training with these rates: best where they fall."""
    return sum(1 - abs(rate - 0.8 / (step + 1)) for step, rate in enumerate(rates)) + seed % 1000 / 1e6
