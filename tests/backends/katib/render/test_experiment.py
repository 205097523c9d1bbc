"""The Experiment that a sweep file becomes."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.backends.katib.render.environment import (
    ASSIGNMENTS_VARIABLE,
    SWEEP_VARIABLE,
    read_assignments,
)
from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.backends.katib.render.validation import trial_job, validate_experiment
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from, config_of_text, read_config
from tests.backends.katib.render.configs import LR, MEDIAN, ROOT, rendered, spec, sweep, unsupported
from tests.emulated_katib import kubelet
from tests.manifests.kustomizations import KUBECTL

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


def job(file: ConfigFile, **options: object) -> dict[str, object]:
    return trial_job(rendered(file, **options).manifest)


def pod(file: ConfigFile, **options: object) -> dict[str, object]:
    found: dict[str, object] = at(job(file, **options), "spec", "template", "spec")
    return found


def container(file: ConfigFile, **options: object) -> dict[str, object]:
    found: dict[str, object] = at(pod(file, **options), "containers", 0)
    return found


def at(value: object, *path: str | int):  # type: ignore[no-untyped-def]
    for step in path:
        value = value[step]  # type: ignore[index]
    return value


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_valid_or_refused_in_one_line(example: Path) -> None:
    file = read_config(example)
    if example.stem in {"progressive_sweep", "multi_objective"}:
        with pytest.raises(ConfigError, match=r"\w+\.yaml: (sweep_type|optimization\.sampler): [^\n]*$"):
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


@pytest.mark.parametrize("pruner", ["none", "MedianPruner"])
def test_the_pods_of_finished_trials_stay_for_a_while(pruner: str) -> None:
    """Katib deletes the Job of a trial that it stops before it has read its metrics, and waits for them for ever."""
    optimization = {"n_trials": 20, "pruner": pruner}
    template = at(rendered(sweep(kind="bayesian", optimization=optimization)).manifest, "spec", "trialTemplate")
    assert template["retain"] is True
    assert at(template, "trialSpec", "spec")["ttlSecondsAfterFinished"] == 24 * 3600
    container = at(template, "trialSpec", "spec", "template", "spec", "containers", 0)
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_thousands_of_finished_pods_stay_for_an_hour() -> None:
    many = sweep(kind="random", optimization={"n_trials": 501})
    job = at(rendered(many).manifest, "spec", "trialTemplate", "trialSpec")
    assert at(job, "spec")["ttlSecondsAfterFinished"] == 3600


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


def test_a_trial_is_one_job_that_is_tried_once_and_ends() -> None:
    found = at(job(WITH_ALL), "spec")
    assert found["backoffLimit"] == 0
    assert pod(WITH_ALL)["restartPolicy"] == "Never"


@pytest.mark.parametrize(
    ("execution", "seconds"),
    [
        ({}, 24 * 3600),
        ({"timeout_per_trial": 90.5, "retries": 0}, 91),
        ({"timeout_per_trial": 90.5}, 2 * 90.5),  # a crash is retried
        ({"timeout_per_trial": 100, "retries": {"crashes": 2, "exceptions": 3}}, 600),
        ({"timeout_per_trial": 1e300}, 365 * 24 * 3600),
    ],
)
def test_a_job_lasts_as_long_as_its_attempts_may_and_an_hour(execution: dict[str, object], seconds: int) -> None:
    assert at(job(sweep(execution=execution)), "spec", "activeDeadlineSeconds") == seconds + 3600


def test_a_trial_has_no_rights_that_it_does_not_need() -> None:
    found, inner = pod(WITH_ALL), container(WITH_ALL)
    assert found["automountServiceAccountToken"] is False
    assert at(found, "securityContext", "runAsNonRoot") is True and at(found, "securityContext", "runAsUser") == 10001
    assert inner["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert at(job(WITH_ALL), "spec", "template", "metadata", "labels")["sidecar.istio.io/inject"] == "false"


def test_the_resources_of_the_file_reach_the_pod() -> None:
    found, inner = pod(WITH_ALL), container(WITH_ALL)
    amounts = {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "10Gi", "nvidia.com/gpu": "1"}
    assert inner["resources"] == {"requests": amounts, "limits": amounts}
    assert found["nodeSelector"] == {"gpu": "true"}
    assert found["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert (found["priorityClassName"], found["serviceAccountName"]) == ("low", "trials")
    assert inner["envFrom"] == [{"secretRef": {"name": "storage"}}]
    assert found["volumes"] == [
        {"name": "scratch", "emptyDir": {"sizeLimit": "10Gi"}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
    ]
    assert at(container(WITH_ALL, gpu=0), "resources", "limits").keys() == amounts.keys() - {"nvidia.com/gpu"}


def environment(file: ConfigFile) -> dict[str, str]:
    """The variables of the trial as its process sees them, after the kubelet."""
    variables = container(file)["env"]
    assert isinstance(variables, list)
    return kubelet.environment(variables)


def test_the_pod_is_told_the_very_sweep_and_a_place_for_each_parameter() -> None:
    odd = sweep({"x": ["${trialParameters.y}", "$(HOME)", "$$"], "z": [1, 2]}, kind="grid")
    found = environment(odd)
    assert "$" not in found[SWEEP_VARIABLE]
    assert config_of_text(found[SWEEP_VARIABLE], where="env").config == odd.config
    assert json.loads(found[ASSIGNMENTS_VARIABLE]) == {"x": "test-value", "z": "test-value"}
    assert environment(WITH_ALL)["COST"] == "$(HOME)$5"


def test_katib_s_text_replacement_gives_back_every_point_of_a_grid() -> None:
    """Katib replaces placeholders in the serialised template: values with quotes would break it."""
    file = sweep({"x": ['a"b', "c\\d", "e\nf", "g$h", "`i`", "${j}", "", "%", "ü"], "y": [True, 0.1]}, kind="grid")
    manifest = rendered(file).manifest
    lists = {each["name"]: each["feasibleSpace"]["list"] for each in at(manifest, "spec", "parameters")}
    points = []
    for x in lists["x"]:
        written = json.dumps(at(manifest, "spec", "trialTemplate", "trialSpec"))
        written = written.replace("${trialParameters.x}", x).replace("${trialParameters.y}", lists["y"][0])
        variables = at(json.loads(written), "spec", "template", "spec", "containers", 0, "env")
        assignments = next(each["value"] for each in variables if each["name"] == ASSIGNMENTS_VARIABLE)
        points.append(trial_of_assignments(file.config, read_assignments(assignments)).params)
    assert points == [{"x": x, "y": True} for x in file.config.space.axes["x"].grid()]


def wrapped(file: ConfigFile) -> str:
    """The line that Katib's webhook gives the shell: the words joined by spaces, and what it appends."""
    inner = container(file)
    line = " ".join([*inner["args"]])  # type: ignore[misc]
    return f"{line} || echo early-stopped-or-failed && echo completed"


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(("status", "printed"), [(0, "completed\n"), (1, "early-stopped-or-failed\ncompleted\n")])
def test_the_command_survives_katib_s_wrapper(shell: str, status: int, printed: str, tmp_path: Path) -> None:
    """The program is the shell's only child, gets every word, and its status decides what the wrapper does."""
    program = tmp_path / "morphogenetic"
    program.write_text(
        f'#!/bin/sh\nps -o ppid= -p $$ > {tmp_path}/parent; echo "$@" > {tmp_path}/words; exit {status}\n'
    )
    program.chmod(0o755)
    with subprocess.Popen(
        [shell, "-c", wrapped(WITH_ALL)], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, stdout=-1
    ) as ran:
        out = ran.communicate()[0].decode()
    assert out == printed
    assert int((tmp_path / "parent").read_text()) == ran.pid
    assert (tmp_path / "words").read_text().startswith("trial run --config env --assignments env --dir /tmp/trial")


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
