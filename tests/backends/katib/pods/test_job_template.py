"""The Job of a trial: its duration, its rights, its command and its environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from morphogenetic_engine.backends.katib.pods.environment import (
    ASSIGNMENTS_VARIABLE,
    SWEEP_VARIABLE,
    read_assignments,
)
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_of_text
from tests.backends.katib.render.configs import (
    WITH_ALL,
    at,
    container,
    job,
    pod,
    rendered,
    sweep,
)
from tests.emulated_katib import kubelet


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
