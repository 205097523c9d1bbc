"""Katib's objects as they come from a cluster."""

from __future__ import annotations

from morphogenetic_engine.backends.katib.read.objects import read_trial


def test_a_trial_s_metrics_have_the_names_of_the_sweep_file_again() -> None:
    metrics = [
        {"name": "val_x2F_acc", "latest": "0.5", "min": "0.1", "max": "0.9"},
        {"name": "test_x20_acc_x40_5", "latest": "1"},
        {"name": "val_loss", "latest": "unavailable"},
        {"name": "lr_x10", "latest": "3e-1"},
    ]
    trial = read_trial({"metadata": {"name": "t"}, "spec": {}, "status": {"observation": {"metrics": metrics}}})
    assert trial.metrics == {"val/acc": 0.5, "test acc@5": 1.0, "lr_x10": 0.3}
