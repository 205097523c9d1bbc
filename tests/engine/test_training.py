"""`train` keeps the trial contract: its reports, its metrics, and the effect of the seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from morphogenetic_engine.engine.checkpoints.checkpoint import load_model
from morphogenetic_engine.engine.settings import PARAMETERS
from morphogenetic_engine.engine.training import EPOCH_METRICS, METRICS, train
from morphogenetic_engine.errors import ConfigError, FailureReason, Pruned, TrialFailed
from morphogenetic_engine.trial import Metrics, Params, declaration_of

RunTrial = Callable[..., tuple[Metrics, list[dict[str, float]]]]

SMALL: Params = {
    "n_samples": 120,
    "hidden_dim": 6,
    "num_layers": 2,
    "warm_up_epochs": 3,
    "adaptation_epochs": 12,
    "patience": 2,
    "blend_steps": 3,
    "progress_thresh": 0.1,
}


def test_every_epoch_is_reported_and_the_last_is_returned(run_trial: RunTrial) -> None:
    metrics, reports = run_trial(SMALL)
    assert [report.pop("step") for report in reports] == list(range(15))
    assert all(report.keys() == EPOCH_METRICS for report in reports)
    assert metrics.keys() == METRICS - {"runtime"}
    assert {name: metrics[name] for name in EPOCH_METRICS} == reports[-1]
    assert metrics["final_acc"] == metrics["val_acc"]
    assert metrics["best_acc"] == max(report["val_acc"] for report in reports)
    assert metrics["seeds_active"] > 0


def test_only_the_warm_up_trains_a_network_without_seeds(run_trial: RunTrial) -> None:
    _, reports = run_trial({**SMALL, "seeds_per_layer": 0})
    losses = [report["val_loss"] for report in reports]
    assert len(set(losses[:3])) == 3
    assert len(set(losses[2:])) == 1


def test_adaptation_without_a_warm_up_reads_the_untrained_network(run_trial: RunTrial) -> None:
    _, reports = run_trial({**SMALL, "warm_up_epochs": 0, "patience": 100})
    assert len({(report["train_loss"], report["val_loss"]) for report in reports}) == 1


def test_nothing_germinates_above_the_accuracy_threshold(run_trial: RunTrial) -> None:
    metrics, _ = run_trial({**SMALL, "acc_threshold": 0.0})
    assert (metrics["seeds_active"], metrics["accuracy_dip"], metrics["recovery_time"]) == (0.0, 0.0, 0.0)


def test_same_seed_gives_bit_equal_metrics_and_reports(run_trial: RunTrial) -> None:
    assert run_trial(SMALL, seed=3) == run_trial(SMALL, seed=3)


def test_an_explicit_seed_fixes_everything(run_trial: RunTrial) -> None:
    assert run_trial({**SMALL, "seed": 9}, seed=1) == run_trial({**SMALL, "seed": 9}, seed=2)
    assert run_trial({**SMALL, "seed": 9}) != run_trial({**SMALL, "seed": 10})


def test_trials_without_a_seed_share_data_but_not_weights(run_trial: RunTrial, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second", "explicit")]
    runs = [run_trial(SMALL, seed=seed, folder=folder) for seed, folder in zip((1, 2), folders, strict=False)]
    run_trial({**SMALL, "seed": 42}, folder=folders[2])
    assert runs[0] != runs[1]
    models = [load_model(folder / "model.pt") for folder in folders]
    assert len({tuple(model.standardisation.mean_F.tolist()) for model in models}) == 1
    assert not torch.equal(models[0].network.input.weight, models[1].network.input.weight)


def test_metrics_do_not_depend_on_the_global_generator_nor_change_it(run_trial: RunTrial) -> None:
    first = run_trial(SMALL)
    torch.manual_seed(999)
    before = torch.get_rng_state()
    assert run_trial(SMALL) == first
    assert torch.equal(before, torch.get_rng_state())


def test_the_model_is_saved_unless_told_otherwise(run_trial: RunTrial, tmp_path: Path) -> None:
    run_trial(SMALL, folder=tmp_path / "with")
    run_trial({**SMALL, "save_model": False}, folder=tmp_path / "without")
    assert [path.name for path in (tmp_path / "with").iterdir()] == ["model.pt"]
    assert not list((tmp_path / "without").iterdir())


def test_pruned_passes_through(run_trial: RunTrial) -> None:
    with pytest.raises(Pruned, match="at step 2"):
        run_trial(SMALL, prune_at=2)


def test_a_diverging_training_fails_with_its_reason(run_trial: RunTrial) -> None:
    with pytest.raises(TrialFailed) as caught:
        run_trial({**SMALL, "lr": 1e30})
    assert caught.value.reason is FailureReason.NON_FINITE_METRIC


def test_the_declaration_names_parameters_metrics_and_mistakes() -> None:
    declaration = declaration_of(train)
    assert (declaration.parameters, declaration.metrics) == (PARAMETERS, METRICS)
    assert declaration.check is not None
    declaration.check(SMALL)
    with pytest.raises(ConfigError, match="lr: must be > 0"):
        declaration.check({"lr": 0.0})


@pytest.mark.parametrize("name", ["spirals", "moons", "clusters", "spheres", "complex_moons", "wine"])
def test_every_problem_trains_to_finite_metrics(run_trial: RunTrial, name: str) -> None:
    sizes: Params = {"cluster_size": 30, "sphere_size": 40}
    metrics, _ = run_trial({**SMALL, **sizes, "problem_type": name})
    assert all(math.isfinite(value) for value in metrics.values())
    assert 0.0 <= metrics["test_acc"] <= 1.0
