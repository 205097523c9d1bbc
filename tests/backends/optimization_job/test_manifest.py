"""A sweep as an OptimizationJob: valid to the rules of its API, the same search, and what it cannot say is told."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml

from morphogenetic_engine.backends.backend import Access, RenderOptions, load_delegate
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.backends.optimization_job.manifest import render_job, unsupported_settings
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile, read_config
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.single_trial.trainer_job import parameters_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from tests.backends.katib.render.configs import ROOT, at, sweep

RULES = yaml.safe_load(Path(__file__).with_name("api_rules.yaml").read_text(encoding="utf-8"))
TRAIN = {"kind": "TrainJob", "runtime": "morphogenetic"}
LR = {"low": 1e-5, "high": 0.1, "log": True}
SPACE: dict[str, object] = {
    "opt.lr": LR,
    "drop-out": {"low": 0.0, "high": 0.5},
    "depth": {"low": 1, "high": 8},
    "width": {"low": 8, "high": 64, "step": 8},
    "share": {"low": 0.1, "high": 0.7, "step": 0.1},
    "act": ["relu", "ge lu", "50%", ""],
    "only": [4],
}


def given(parameters: Mapping[str, object] | None = None, kind: str = "random", **more: object) -> ConfigFile:
    resources = {**TRAIN, "image": "registry/train:1", "gpu": 1}
    return sweep(
        SPACE if parameters is None else parameters,
        kind=kind,
        **{"resources": resources, "execution": {"max_parallel": 4}, **more},
    )


def spec(file: ConfigFile, **options: object) -> dict[str, object]:
    """Returns the spec of the rendered job, which keeps the rules of its API."""
    rendered = load_delegate("optimizationjob").render(file, RenderOptions(**options))  # type: ignore[arg-type]
    manifest = yaml.safe_load(rendered.text)
    jsonschema.validate(manifest, RULES)
    found: dict[str, object] = manifest["spec"]
    for each in at(found, "parameters"):
        ((kind, space),) = each["searchSpace"].items()
        if kind != "categorical":
            assert float(space["min"]) < float(space["max"])
            assert kind == "uniform" or float(space["min"]) > 0
        assert "grid" not in at(found, "searchAlgorithm") or kind == "categorical"
    assert at(found, "parallelTrials") <= at(found, "numTrials")
    return found


def told(file: ConfigFile, **options: object) -> dict[str, str]:
    listed = unsupported_settings(file, RenderOptions(**options))  # type: ignore[arg-type]
    return {each.key: each.text for each in listed}


def drawn(found: Mapping[str, object], chance: random.Random) -> dict[str, str]:
    """Returns the environment that Trainer gives a trial, with values drawn as its random search draws them."""
    environment = {"KUBEFLOW_TRAINER_SERVER_URL": "http://trainer"}
    for each in at(found, "parameters"):
        ((kind, space),) = each["searchSpace"].items()
        if kind == "categorical":
            value = chance.choice(space["choices"])
        elif space["type"] == "Int":
            value = str(chance.choice([int(space["min"]), int(space["max"])]))
        else:
            value = repr(chance.choice([float(space["min"]), float(space["max"])]))
        environment[f"KUBEFLOW_TRAINER_OPT_{each['name']}"] = value
    return environment


def test_a_random_search_says_its_space_its_objective_and_its_trials() -> None:
    found = spec(given())
    assert found["objectives"] == [{"metric": "val_acc", "direction": "Maximize"}]
    assert found["searchAlgorithm"] == {"random": {"seed": 42}}
    assert (found["numTrials"], found["parallelTrials"]) == (30, 4)
    space = {each["name"]: each["searchSpace"] for each in at(found, "parameters")}
    assert space["opt_x2E_lr"] == {"logUniform": {"min": "1e-05", "max": "0.1", "type": "Float"}}
    assert space["drop_x2D_out"] == {"uniform": {"min": "0.0", "max": "0.5", "type": "Float"}}
    assert space["depth"] == {"uniform": {"min": "1", "max": "8", "type": "Int"}}
    assert space["width"]["categorical"]["choices"] == [str(width) for width in range(8, 65, 8)]
    assert len(space["share"]["categorical"]["choices"]) == 7
    assert "only" not in space


@pytest.mark.parametrize("seed", range(20))
def test_what_trainer_draws_is_a_point_of_the_sweep(seed: int) -> None:
    file = given()
    trial = trial_of_assignments(file.config, parameters_of(drawn(spec(file), random.Random(seed))))
    space = file.config.space
    assert set(trial.params) == {*space.axes, *space.fixed}
    assert all(axis.parse(str(trial.params[name])) == trial.params[name] for name, axis in space.axes.items())


def test_the_example_is_valid_and_what_the_present_code_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    written = (ROOT / "katib/optimizationjob/train_jobs.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(written), RULES)
    body = "".join(line for line in written.splitlines(keepends=True) if not line.startswith("#"))
    options = RenderOptions(image="morphogenetic-train")
    found = load_delegate("optimizationjob").render(read_config(Path("examples/train_jobs.yaml")), options)
    assert body == found.text, "make render"


def test_a_grid_has_the_trials_of_the_local_one() -> None:
    file = given({"lr": {**LR, "points": 4}, "act": ["relu", "ge lu"]}, kind="grid")
    found = spec(file)
    assert (found["searchAlgorithm"], found["numTrials"]) == ({"grid": {}}, 8)
    design, points = design_of(file.config), []
    for lr in at(found, "parameters", 0, "searchSpace", "categorical", "choices"):
        for act in at(found, "parameters", 1, "searchSpace", "categorical", "choices"):
            points.append(trial_of_assignments(file.config, {"lr": lr, "act": act}))
    assert [each.number for each in points] == list(range(8))
    assert all(each.params == design.suggest(each.number, NOTHING_EARLIER) for each in points)
    assert "UnsupportedSearchAlgorithm" in told(file)["sweep_type"]


def test_a_trial_is_a_train_job_that_is_told_its_sweep_alone() -> None:
    found = spec(given(), store="s3://bucket/trials", image="registry/other:2", gpu=2, parallel=7)
    template = at(found, "trainJobTemplate", "spec")
    assert found["parallelTrials"] == 7
    assert at(template, "runtimeRef", "name") == "morphogenetic"
    trainer = at(template, "trainer")
    assert trainer["image"] == "registry/other:2" and at(trainer, "resourcesPerNode", "limits") == {
        "nvidia.com/gpu": "2"
    }
    assert trainer["command"][:6] == ["morphogenetic", "trial", "run", "--config", "env", "--optimization-job"]
    assert trainer["command"][-2:] == ["--to", "s3://bucket/trials"]
    variables = {each["name"]: each["value"] for each in trainer["env"]}
    assert json.loads(variables["MORPHOGENETIC_SWEEP"])["sweep_type"] == "random"


def test_what_is_lost_is_listed() -> None:
    lost = told(given())
    assert lost.keys() == {
        "sweep_type",
        "optimization.seed",
        "resources.kind",
        "resources.runtime",
        "execution.retries",
        "tracking",
    }
    assert lost["execution.retries"].startswith("one failed trial fails the whole OptimizationJob")
    more = told(
        given(
            {
                "act": {"choices": ["relu", "tanh"], "default": "tanh"},
                "slope": {"low": 0.0, "high": 1.0, "default": 0.5, "when": {"act": "tanh"}},
            },
            execution={"early_stopping": {"threshold": 0.9}},
            optimization={
                "objectives": [
                    {"metric": "val_acc", "direction": "maximize"},
                    {"metric": "size", "direction": "minimize"},
                ],
                "timeout": 60,
                "outcome_constraints": {"ms": {"max": 3}},
            },
        )
    )
    assert more.keys() - lost.keys() == {
        "parameters",
        "optimization.objectives",
        "optimization.outcome_constraints",
        "optimization.timeout",
        "execution.early_stopping",
        "execution.max_parallel",
    }
    assert "optimization.pruner" in told(given(optimization={"pruner": "MedianPruner"}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "bayesian"}, "sweep_type: must be random or grid for an OptimizationJob"),
        ({"kind": "sobol"}, "sweep_type: must be random or grid for an OptimizationJob"),
        ({"optimization": {"n_trials": 101}}, "optimization.n_trials: must be <= 100"),
        ({"optimization": {"strategy": "halving"}}, "optimization.strategy: halving needs trials that pause"),
        ({"constraints": ["depth < 4000"]}, "constraints: an OptimizationJob would run points that break them"),
        ({"parameters": {"lr": {"low": 0, "high": 1, "mean": 0, "std": 1}}}, "parameters.lr: an OptimizationJob has"),
        ({"parameters": {"n": {"low": 1, "high": 9, "log": True, "step": 2}}}, "parameters.n: an OptimizationJob has"),
        (
            {"parameters": {"n": {"low": 0, "high": 1000, "step": 2}}},
            "parameters.n.step: an OptimizationJob has no steps",
        ),
        ({"parameters": {"act": {"choices": ["a", "b"], "probabilities": [0.1, 0.9]}}}, "parameters.act.probabilities"),
        ({"parameters": {"act": ["a", "b" * 65]}}, "parameters.act: values must have 64 characters at most"),
        ({"parameters": {"act": list(range(101))}}, "parameters.act: must have <= 100 values, but got 101"),
        (
            {"parameters": {"one": [1]}, "optimization": {"n_trials": 1}},
            "parameters: must be 1 to 100 that are searched, but got 0",
        ),
        (
            {"kind": "grid", "parameters": {"a": [1, 2], "b": {"choices": [1, 2], "when": {"a": 1}}}},
            "parameters: a grid",
        ),
        ({"resources": {"image": "registry/train:1"}}, "resources.kind: must be TrainJob for an OptimizationJob"),
    ],
)
def test_what_would_be_another_search_is_an_error(changed: dict[str, object], said: str) -> None:
    parameters = changed.pop("parameters", {"depth": {"low": 1, "high": 8000}})
    assert isinstance(parameters, dict)
    if changed.keys() <= {"resources"}:
        parameters = {**parameters, "other": {"low": 0.0, "high": 1.0}}
    with pytest.raises(ConfigError, match=f"^sweep.yaml: {said}"):
        render_job(given(parameters, **changed), RenderOptions())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option", [{"algorithm": "morphogenetic"}, {"exact": True}, {"resume_policy": "LongRunning"}, {"max_failed": 3}]
)
def test_options_that_mean_something_on_katib_alone_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"--{next(iter(option)).replace('_', '-')}: an OptimizationJob"):
        render_job(given(), RenderOptions(**option))  # type: ignore[arg-type]


def test_it_is_neither_submitted_nor_followed() -> None:
    delegate = load_delegate("optimizationjob")
    for refused in (lambda: delegate.submit(given(), RenderOptions(), Access()), lambda: delegate.find("s", Access())):
        with pytest.raises(ConfigError, match="an OptimizationJob says nothing of its trials.*; or use --to katib"):
            refused()
