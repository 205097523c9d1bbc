"""The Experiment that a sweep file is rendered to."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.backends.katib.render.validation import validate_experiment
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from, read_config
from tests.backends.katib.render.configs import (
    LR,
    ROOT,
    WITH_ALL,
    at,
    container,
    rendered,
    spec,
    sweep,
    unsupported,
)
from tests.manifests.kustomizations import KUBECTL


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_valid_or_refused_in_one_line(example: Path) -> None:
    file = read_config(example)
    if example.stem in {"progressive_sweep", "multi_objective", "population"}:
        with pytest.raises(ConfigError, match=r"\w+\.yaml: (sweep_type|optimization\.(sampler|strategy)): [^\n]*$"):
            rendered(file)
        return
    validate_experiment(rendered(file).manifest)


def test_everything_at_once_is_valid_to_katib_s_models_and_to_kubernetes() -> None:
    experiment = rendered(WITH_ALL, namespace="sweeps", store="s3://bucket/folder", max_failed=3)
    validate_experiment(experiment.manifest)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("spec", "backofLimit"), 0, "Job: spec: .*backofLimit"),
        (("spec", "template", "spec", "restartPolicy"), 3, "Job: spec.template.spec.restartPolicy"),
    ],
)
def test_a_job_that_kubernetes_would_refuse_does_not_pass(path: tuple[str, ...], value: object, line: str) -> None:
    manifest = copy.deepcopy(dict(rendered(WITH_ALL).manifest))
    place = at(manifest, "spec", "trialTemplate", "trialSpec", *path[:-1])
    place[path[-1]] = value
    with pytest.raises(ConfigError, match=line):
        validate_experiment(manifest)


def test_a_number_where_katib_wants_text_does_not_pass_its_models() -> None:
    manifest = copy.deepcopy(dict(rendered(WITH_ALL).manifest))
    at(manifest, "spec", "parameters", 0, "feasibleSpace")["min"] = 0.001
    with pytest.raises(ConfigError, match="feasibleSpace.min"):
        validate_experiment(manifest)


def test_a_grid_has_as_many_trials_as_combinations() -> None:
    """More is refused by Katib, and without a number it goes on for ever."""
    found = spec(sweep({"lr": LR, "depth": [2, 4, 8], "act": ["relu"]}, kind="grid"))
    assert found["maxTrialCount"] == 15
    assert at(found, "parameters", 0, "feasibleSpace", "list") == [
        "0.001",
        "0.00234034731932",
        "0.00547722557505",
        "0.0128186101919",
        "0.03",
    ]


def test_what_the_file_optimises_is_the_workload_s_last_word() -> None:
    """Katib's default is the best value on the way."""
    options = {"target_metric": "loss", "direction": "minimize", "secondary_metrics": ["acc"]}
    stopping = {"early_stopping": {"threshold": 0.01}}
    found = spec(sweep(optimization=options, execution=stopping))["objective"]
    assert found == {
        "type": "minimize",
        "goal": 0.01,
        "objectiveMetricName": "loss",
        "additionalMetricNames": ["acc"],
        "metricStrategies": [{"name": "loss", "value": "latest"}, {"name": "acc", "value": "latest"}],
    }


def test_metrics_that_katib_s_collector_cannot_read_have_encoded_names_and_the_list_of_differences_says_so() -> None:
    options = {"target_metric": "val/acc", "secondary_metrics": ["test acc@5", "loss"]}
    file = sweep(optimization=options)
    found = spec(file)["objective"]
    assert isinstance(found, dict)
    assert found["objectiveMetricName"] == "val_x2F_acc"
    assert found["additionalMetricNames"] == ["test_x20_acc_x40_5", "loss"]
    losses = unsupported(file)
    assert losses["val/acc"].startswith("is the metric val_x2F_acc on Katib's pages")
    assert "test acc@5" in losses and "loss" not in losses


def test_a_command_s_patterns_and_optional_arguments_reach_the_pod_as_they_are() -> None:
    command = ["train", "{opt}", ["--momentum", "{momentum}"]]
    pattern = r"^(?P<acc>[0-9.]+)%$"
    parameters = {"opt": ["sgd", "adam"], "momentum": {"low": 0.1, "high": 0.9, "when": {"opt": "sgd"}}}
    experiment = {"command": command, "metrics_regex": [pattern]}
    found = spec(sweep(parameters, experiment=experiment, optimization={"target_metric": "acc"}))
    template = found["trialTemplate"]
    assert isinstance(template, dict)
    (container,) = template["trialSpec"]["spec"]["template"]["spec"]["containers"]
    text = next(each["value"] for each in container["env"] if each["name"] == "MORPHOGENETIC_SWEEP")
    assert "$" not in text
    told = json.loads(text)["experiment"]
    assert told["command"] == command and told["metrics_regex"] == [pattern]


def test_counts_follow_the_file_and_the_options() -> None:
    found = spec(WITH_ALL)
    assert [found[name] for name in ("parallelTrialCount", "maxTrialCount", "maxFailedTrialCount")] == [4, 30, 30]
    assert found["resumePolicy"] == "Never"
    given = spec(WITH_ALL, parallel=50, max_failed=2, resume_policy="LongRunning")
    assert [given[name] for name in ("parallelTrialCount", "maxFailedTrialCount")] == [30, 2]
    assert given["resumePolicy"] == "LongRunning"


@pytest.mark.parametrize(
    ("parallel", "sampler", "algorithm"),
    [
        (1, "TPE", "tpe"),
        (2, "TPE", "multivariate-tpe"),
        (2, "CmaEs", "cmaes"),
        (2, "Random", "random"),
        (2, "QMC", "sobol"),
        (2, "GP", "bayesianoptimization"),
    ],
)
def test_each_sampler_has_its_algorithm(parallel: int, sampler: str, algorithm: str) -> None:
    """Katib's tpe gives trials that start together the same point: several at a time are multivariate-tpe's."""
    found = spec(sweep(optimization={"sampler": sampler}), parallel=parallel)
    assert at(found, "algorithm", "algorithmName") == algorithm


@pytest.mark.parametrize(
    ("kind", "optimization", "settings"),
    [
        ("random", {"seed": 7}, {"random_state": "7"}),
        ("sobol", {"seed": 7}, {}),
        ("bayesian", {"sampler": "Random"}, {"random_state": "42"}),
        ("bayesian", {"sampler": "QMC"}, {}),
        (
            "bayesian",
            {"sampler": "TPE", "sampler_options": {"n_startup_trials": 9, "n_ei_candidates": 30}},
            {"n_startup_trials": "9", "n_ei_candidates": "30", "random_state": "42"},
        ),
        ("bayesian", {"sampler": "CmaEs"}, {"random_state": "42"}),
        (
            "bayesian",
            {"sampler": "GP", "sampler_options": {"n_startup_trials": 9}},
            {"n_initial_points": "9", "base_estimator": "GP", "random_state": "42"},
        ),
    ],
)
def test_settings_have_the_names_that_katib_s_services_know(
    kind: str, optimization: dict[str, object], settings: dict[str, str]
) -> None:
    """An unknown one fails the Experiment, after it was admitted."""
    algorithm = spec(sweep(kind=kind, optimization=optimization))["algorithm"]
    assert {each["name"]: each["value"] for each in at(algorithm).get("algorithmSettings", [])} == settings


def test_one_trial_at_a_time_is_hyperopt_s_tpe_with_its_names() -> None:
    options = {"n_ei_candidates": 30, "prior_weight": 2.0, "n_startup_trials": 9}
    file = sweep(optimization={"sampler": "TPE", "sampler_options": options})
    settings = at(spec(file, parallel=1), "algorithm", "algorithmSettings")
    expected = {"n_EI_candidates": "30", "prior_weight": "2.0", "random_state": "42"}
    assert {each["name"]: each["value"] for each in settings} == expected
    assert "optimization.sampler_options.n_startup_trials" in unsupported(file, parallel=1)


def test_median_pruning_becomes_medianstop() -> None:
    assert spec(WITH_ALL)["earlyStopping"] == {
        "algorithmName": "medianstop",
        "algorithmSettings": [
            {"name": "min_trials_required", "value": "5"},
            {"name": "start_step", "value": "21"},
        ],
    }
    none_first = {"pruner": "MedianPruner", "pruner_options": {"n_startup_trials": 0}}
    least = at(spec(sweep(optimization=none_first)), "earlyStopping", "algorithmSettings")
    assert [each["value"] for each in least] == ["1", "4"]  # Katib takes no 0
    assert "earlyStopping" not in spec(sweep(optimization={"pruner": "HyperbandPruner"}))


def test_the_collector_is_one_that_early_stopping_works_with_and_reads_a_file_of_the_trial_s_own() -> None:
    collector = spec(WITH_ALL)["metricsCollectorSpec"]
    path = {"path": "/var/log/katib/metrics.log", "kind": "File", "format": "TEXT"}
    assert collector == {"collector": {"kind": "File"}, "source": {"fileSystemPath": path}}
    assert f"--metrics {path['path']} " in at(container(WITH_ALL), "args", 0)


def test_yaml_is_read_alike_by_kubectl_and_pyyaml(tmp_path: Path) -> None:
    """PyYAML alone would write 1e-05 bare, which kubectl takes for a number."""
    odd = [
        "1e-05",
        "on",
        "no",
        "y",
        "null",
        "0x10",
        "1_000",
        "1:20",
        "~",
        ".inf",
        "2026-01-01",
        "=",
        "<<",
        "- a",
        "a: b",
    ]
    manifest = dict(rendered(sweep({"x": [1e-5, 1.5], "y": odd}, kind="grid")).manifest)
    path = tmp_path / "experiment.yaml"
    path.write_text(manifest_yaml([manifest]), encoding="utf-8")
    command = [str(KUBECTL), "annotate", "--local", "-f", str(path), "read=by-kubectl", "-o", "json"]
    by_kubectl = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    del by_kubectl["metadata"]["annotations"]["read"]
    assert by_kubectl == yaml.safe_load(path.read_text(encoding="utf-8")) == manifest


def test_the_same_sweep_has_the_same_name_and_manifest_and_another_has_others() -> None:
    assert rendered(sweep()) == rendered(sweep())
    assert rendered(sweep()).name != rendered(sweep(optimization={"seed": 1})).name
    odd = config_from({"parameters": {"x": [1, 2]}}, where="42 Sweeps_of.everything-and-a-very-long-name-indeed.yaml")
    assert rendered(odd).name.startswith("sweep-42-sweeps-of-") and len(rendered(odd).name) <= 40


@pytest.mark.parametrize(
    "file",
    [
        sweep({"kind": ["a", "b"], "lr": {**LR, "when": {"kind": "a"}}}, kind="grid"),
        sweep({"x": {"type": "float", "low": 0, "high": 1, "default": 0.3}}, kind="grid"),
        sweep(kind="latin_hypercube"),
    ],
    ids=["conditions", "baseline beside the grid", "latin hypercube"],
)
def test_what_katib_s_grid_cannot_say_it_is_given_as_numbers(file: ConfigFile) -> None:
    found = spec(file)
    assert at(found, "algorithm", "algorithmName") == "grid"
    (parameter,) = at(found, "parameters")
    assert parameter["name"] == "trial.number"
    assert parameter["feasibleSpace"]["list"] == [str(number) for number in range(at(found, "maxTrialCount"))]


@pytest.mark.parametrize("kind", ["random", "sobol"])
def test_a_single_point_is_a_trial_too(kind: str) -> None:
    found = spec(sweep({"depth": [3]}, kind=kind, optimization={"n_trials": 1}))
    assert (at(found, "parameters", 0, "name"), found["maxTrialCount"]) == ("trial.number", 1)


def test_exact_keeps_the_points_of_a_random_sweep() -> None:
    assert at(spec(sweep(kind="random"), exact=True), "parameters", 0, "name") == "trial.number"
    assert "keeps them" in unsupported(sweep(kind="sobol"))["sweep_type"]
