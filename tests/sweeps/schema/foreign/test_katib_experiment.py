"""Hand-written Katib Experiments as sweep files."""

from __future__ import annotations

import pytest
import yaml

from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.schema.foreign.katib_experiment import from_katib, is_katib

EXPERIMENT = """
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: demo, namespace: kubeflow}
spec:
  objective: {type: minimize, goal: 0.01, objectiveMetricName: loss, additionalMetricNames: [accuracy]}
  algorithm: {algorithmName: tpe, algorithmSettings: [{name: n_startup_trials, value: "12"}, {name: gamma, value: "1"}]}
  earlyStopping:
    algorithmName: medianstop
    algorithmSettings: [{name: min_trials_required, value: "4"}, {name: start_step, value: "3"}]
  parallelTrialCount: 3
  maxTrialCount: 12
  maxFailedTrialCount: 3
  parameters:
    - {name: lr, parameterType: double, feasibleSpace: {min: "0.01", max: "0.05", distribution: logUniform}}
    - {name: layers, parameterType: int, feasibleSpace: {min: "1", max: "5", step: "2"}}
    - {name: opt, parameterType: categorical, feasibleSpace: {list: [sgd, "1e5"]}}
    - {name: bs, parameterType: discrete, feasibleSpace: {list: ["16", "32"]}}
  trialTemplate:
    primaryContainerName: training
    trialParameters: [{name: learningRate, reference: lr}, {name: layers, reference: layers}]
    trialSpec:
      kind: Job
      spec:
        template:
          spec:
            nodeSelector: {accelerator: a100}
            containers:
              - name: sidecar
                image: other
              - name: training
                image: registry/train:1
                command: [python3, train.py, "--lr=${trialParameters.learningRate}"]
                args: ["--layers=${trialParameters.layers}", "--tag={a}"]
                resources: {limits: {memory: 2Gi, nvidia.com/gpu: 1}}
"""


def test_an_experiment_becomes_a_valid_sweep_file() -> None:
    migration = from_katib(
        yaml.safe_load(EXPERIMENT.replace("--tag={a}", "${trialParameters.opt} ${trialParameters.bs}"))
    )
    config = parse_config(migration.written(), where="sweep.yaml")
    assert list(config.space.axes) == ["lr", "layers", "opt", "bs"]
    assert migration.parameters == {
        "lr": {"type": "float", "low": 0.01, "high": 0.05, "log": True},
        "layers": {"type": "int", "low": 1, "high": 5, "step": 2},
        "opt": ["sgd", "1e5"],
        "bs": [16, 32],
    }
    assert migration.optimization == {
        "sampler": "TPE",
        "sampler_options": {"n_startup_trials": 12},
        "target_metric": "loss",
        "direction": "minimize",
        "secondary_metrics": ["accuracy"],
        "n_trials": 12,
        "pruner": "MedianPruner",
        "pruner_options": {"n_startup_trials": 4, "n_warmup_steps": 3},
    }
    assert migration.execution == {"early_stopping": {"threshold": 0.01}, "max_parallel": 3}


def test_the_primary_container_gives_command_image_and_resources() -> None:
    migration = from_katib(yaml.safe_load(EXPERIMENT))
    assert migration.experiment == {"command": ["python3", "train.py", "--lr={lr}", "--layers={layers}", "--tag={{a}}"]}
    assert migration.resources == {
        "image": "registry/train:1",
        "memory": "2Gi",
        "gpu": 1,
        "node_selector": {"accelerator": "a100"},
    }


@pytest.mark.parametrize("key", ["spec.algorithm.algorithmSettings.gamma", "spec.maxFailedTrialCount"])
def test_every_setting_without_a_counterpart_is_noted(key: str) -> None:
    assert key in [note.key for note in from_katib(yaml.safe_load(EXPERIMENT)).notes]


@pytest.mark.parametrize(
    "algorithm", ["grid", "random", "sobol", "cmaes", "bayesianoptimization", "hyperband", "darts"]
)
def test_every_algorithm_becomes_a_search_or_a_note(algorithm: str) -> None:
    written = yaml.safe_load(EXPERIMENT)
    written["spec"]["algorithm"] = {"algorithmName": algorithm}
    written["spec"]["parameters"] = written["spec"]["parameters"][:2]
    migration = from_katib(written)
    parse_config(migration.written(), where="sweep.yaml")
    noted = [note.text for note in migration.notes if note.key == "spec.algorithm.algorithmName"]
    assert bool(noted) == (algorithm in {"hyperband", "darts"})


def test_only_experiments_of_katib_are_recognised() -> None:
    assert is_katib(yaml.safe_load(EXPERIMENT))
    assert not is_katib({"apiVersion": "batch/v1", "kind": "Job"})


def test_the_filters_of_the_collector_find_the_metrics_of_the_command() -> None:
    pattern = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?)"
    written = yaml.safe_load(EXPERIMENT.replace("--tag={a}", "${trialParameters.opt} ${trialParameters.bs}"))
    written["spec"]["metricsCollectorSpec"] = {
        "collector": {"kind": "File"},
        "source": {"filter": {"metricsFormat": [pattern]}, "fileSystemPath": {"path": "/log"}},
    }
    migration = from_katib(written)
    assert parse_config(migration.written(), where="sweep.yaml").experiment.metrics_regex == (pattern,)
    noted = {note.key for note in migration.notes}
    assert {"spec.metricsCollectorSpec.collector.kind", "spec.metricsCollectorSpec.source.fileSystemPath"} <= noted


@pytest.mark.parametrize(
    ("space", "found"),
    [
        (
            {"min": "-3", "max": "3", "distribution": "normal"},
            {"type": "float", "low": -3, "high": 3, "mean": 0.0, "std": 1.0},
        ),
        (
            {"min": "1", "max": "10000", "distribution": "logNormal"},
            {"type": "float", "low": 1, "high": 10000, "log": True, "mean": 100.0, "std": 1.5350567286626973},
        ),
        (
            {"min": "8", "max": "512", "step": "8", "distribution": "logUniform"},
            {"type": "float", "low": 8, "high": 512, "log": True, "step": 8},
        ),
    ],
)
def test_distributions_become_priors_as_katib_draws_them(space: dict[str, str], found: dict[str, object]) -> None:
    experiment = yaml.safe_load(EXPERIMENT)
    experiment["spec"]["parameters"] = [{"name": "x", "parameterType": "double", "feasibleSpace": space}]
    migration = from_katib(experiment)
    assert migration.parameters["x"] == found
    assert list(parse_config({"parameters": migration.parameters}, where="sweep.yaml").space.axes) == ["x"]
