"""A workload that trains many trials at once: each climbs step by step, and may fail on the way as `mood` says."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from morphogenetic_engine.trial import Batch, FusedTrial, Metrics, Params, Trial, declare

STEPS = 9


class Climb:
    """The state of one trial; goes on after the last step that it saved in the trial's folder."""

    def __init__(self, params: Params, trial: Trial) -> None:
        self.params = params
        self.trial = trial
        self.saved = trial.dir / "saved"
        self.at = int(self.saved.read_text(encoding="utf-8")) if self.saved.exists() else 0

    def metrics(self) -> dict[str, float]:
        """Curves that cross: the height from x, the pace from the seed."""
        height = -((float(self.params["x"]) - 0.3) ** 2)
        return {"val_acc": height - 1 / (self.at + 2 + self.trial.seed % 5), "at": float(self.at)}

    def step(self) -> None:
        """Reports one step, or what the mood brings."""
        mood = str(self.params.get("mood", "calm"))
        if self.at == 4 and mood == "raise":
            raise ZeroDivisionError("no luck")
        if self.at == 4 and mood == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.at == 4 and mood == "nan":
            self.trial.report(self.at, {"val_acc": float("nan")})
        if self.at == 0 and mood == "print":
            print(f"hello from {self.trial.number}")
        self.trial.report(self.at, self.metrics())
        self.at += 1
        fresh = self.saved.with_name("fresh")
        fresh.write_text(str(self.at), encoding="utf-8")
        fresh.replace(self.saved)  # whole, whenever it is killed


def train_many(batch: Batch) -> None:
    """Climbs with all trials in turn; `many` tells the largest number of them."""
    climbs: dict[FusedTrial, Climb] = {}
    while trials := batch.running():
        _note(len(trials))
        for trial in trials:
            with trial:
                climb = climbs.get(trial) or climbs.setdefault(trial, Climb(trial.params, trial))
                if climb.at < STEPS:
                    climb.step()
                if climb.at == STEPS:  # also of one that was killed after its last step
                    trial.complete(climb.metrics())
            if not trial.is_running:
                climbs.pop(trial, None)


@declare(fused=train_many)
def train(params: Params, trial: Trial) -> Metrics:
    """Climbs alone."""
    climb = Climb(params, trial)
    while climb.at < STEPS:
        climb.step()
    return climb.metrics()


def breaking(batch: Batch) -> None:
    """Raises in the part that all trials share."""
    for trial in batch.running()[:1]:
        complete(trial)
    raise MemoryError("too many")


def complete(trial: FusedTrial) -> None:
    """Ends a trial at once."""
    with trial:
        trial.complete({"val_acc": float(trial.params["x"])})


@declare(fused=breaking)
def broken(params: Params, _trial: Trial) -> Metrics:
    """What `breaking` cannot do for more than one."""
    return {"val_acc": float(params["x"])}


def _note(count: int) -> None:
    most = Path("many")
    if not most.exists() or int(most.read_text(encoding="utf-8") or 0) < count:
        most.write_text(str(count), encoding="utf-8")
