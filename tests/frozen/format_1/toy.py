"""The workloads of the frozen sweeps, as a user of that version wrote them. Never changed: the sweeps go on with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from morphogenetic_engine.errors import Pruned
from morphogenetic_engine.trial import Metrics, Params, Trial, declare


def chancy(params: Params, trial: Trial) -> Metrics:
    """Depends on the seed; fails, or prunes itself, where the parameter `kind` says so."""
    value = float(params["x"]) + trial.seed % 7 / 100
    for step in range(3):
        trial.report(step, {"val_acc": value * (step + 1) / 3})
    if params["kind"] == "bad":
        raise ValueError("the parameter kind is bad")
    if params["kind"] == "hopeless":
        raise Pruned("not worth it")
    return {"val_acc": value, "luck": trial.seed % 7}


@declare(parameters=frozenset({"x", "y"}), metrics=frozenset({"val_acc", "step"}))
def hill(params: Params, trial: Trial) -> Metrics:
    """Rises towards how good the point is; goes on after the last step that it saved."""
    height = -((float(params["x"]) - 0.4) ** 2) - (float(params["y"]) - 0.7) ** 2
    saved = trial.dir / "saved"
    for step in range(int(saved.read_text(encoding="utf-8")) if saved.exists() else 0, 8):
        trial.report(step, {"val_acc": height - 1 / (step + 1), "step": step})
        saved.with_suffix(".new").write_text(str(step + 1), encoding="utf-8")
        os.replace(saved.with_suffix(".new"), saved)
        time.sleep(0.02 if Path("slow").exists() else 0)
    return {"val_acc": height, "step": 8}


def two_goals(params: Params, _trial: Trial) -> Metrics:
    """What is good for the one objective is bad for the other."""
    x, y = float(params["x"]), float(params["y"])
    return {"val_acc": 1 - (x - 0.2) ** 2 - 0.1 * y, "cost": (x - 0.8) ** 2 + y}
