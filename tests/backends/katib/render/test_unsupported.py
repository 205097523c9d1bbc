"""The settings of a sweep file that Katib does not support are listed."""

from __future__ import annotations

from tests.backends.katib.render.configs import LR, MEDIAN, spec, sweep, unsupported

RESOURCES = {
    "gpu": 1,
    "cpu": 2,
    "memory": "8Gi",
    "scratch": "10Gi",
    "shm_size": "2Gi",
    "node_selector": {"gpu": True},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "priority_class": "low",
    "service_account": "trials",
    "secrets": ["storage"],
    "environment": {"AWS_ENDPOINT_URL": "http://store:8333", "COST": "$(HOME)$5"},
}


WITH_ALL = sweep(resources=RESOURCES, optimization=MEDIAN, execution={"timeout_per_trial": 90.5, "max_parallel": 4})


def at(value: object, *path: str | int):  # type: ignore[no-untyped-def]
    for step in path:
        value = value[step]  # type: ignore[index]
    return value


def test_uploads_without_credentials_are_said() -> None:
    assert "upload to s3://bucket only where" in unsupported(sweep(), store="s3://bucket")["resources.secrets"]
    assert "resources.secrets" not in unsupported(WITH_ALL, store="s3://bucket")


def test_what_is_lost_is_said() -> None:
    said = unsupported(
        sweep(
            {"kind": ["a", "b"], "lr": {**LR, "when": {"kind": "a"}}},
            optimization={
                "sampler_options": {"multivariate": True},
                "pruner": "HyperbandPruner",
                "warm_start": "earlier",
                "timeout": 60,
                "budget": {"steps": 10},
                "storage": "sqlite:///x.db",
            },
            execution={"early_stopping": {"patience": 3, "metric": "val_acc"}, "timeout_per_trial": 5},
        )
    )
    assert {
        "optimization.sampler_options.multivariate",
        "optimization.pruner",
        "optimization.warm_start",
        "optimization.timeout",
        "optimization.budget",
        "optimization.seed",
        "optimization.lookahead",
        "execution.early_stopping.patience",
        "execution.max_parallel",
        "execution.timeout_per_trial",
        "execution.retries",
        "parameters",
        "tracking",
    } == said.keys()


def test_several_objectives_are_optimised_by_the_first_and_all_are_recorded() -> None:
    objectives = {"objectives": [{"metric": "acc"}, {"metric": "cost", "direction": "minimize"}]}
    assert (
        "optimises acc alone; cost are recorded"
        in unsupported(sweep(optimization=objectives))["optimization.objectives"]
    )
    assert at(spec(sweep(optimization=objectives)), "objective", "additionalMetricNames") == ["cost"]


def test_medianstop_that_could_never_stop_a_trial_is_said() -> None:
    late = sweep(optimization={**MEDIAN, "n_trials": 7})
    assert "no trial is stopped early" in unsupported(late, parallel=4)["optimization.pruner"]


def test_outcome_constraints_are_kept_by_the_suggestion_service_alone() -> None:
    limited = sweep(optimization={"outcome_constraints": {"latency": {"max": 20}}})
    assert "latency: recorded, and judged in the report" in unsupported(limited)["optimization.outcome_constraints"]
    assert "optimization.outcome_constraints" not in unsupported(limited, algorithm="morphogenetic")
    assert at(spec(limited), "objective", "additionalMetricNames") == ["latency"]
