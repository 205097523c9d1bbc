"""A sweep file that Katib would reject, or read differently, gives one clear line before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from tests.backends.katib.render.configs import LR, rendered, spec, sweep


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"image": None}, "sweep.yaml: resources.image: is missing; give it there or with --image"),
        ({"image": "Train"}, "sweep.yaml: image: must be the name of an image"),
        ({"image": "${trialParameters.lr}"}, "sweep.yaml: image: must be the name of an image"),
        ({"store": "results/trials"}, "sweep.yaml: store: must be an object store, since a pod's folders go with it"),
        ({"store": "s3://bucket/a (b)"}, r"sweep.yaml: store: must be letters, digits and \._/:=@%\+,- but got"),
        ({"store": "ftp://host/a"}, "sweep.yaml: store: an address must be a path or begin with"),
        ({"name": "a" * 41}, "sweep.yaml: name: must have 40 characters at most"),
        ({"name": "ends-with-"}, "sweep.yaml: name: must be small letters"),
        ({"name": "with.dot"}, "sweep.yaml: name: must be small letters"),
        ({"namespace": "No"}, "sweep.yaml: namespace: must be small letters"),
        ({"max_failed": 99}, "sweep.yaml: Experiment: spec.maxFailedTrialCount: must be <= maxTrialCount, which is 30"),
        ({"exact": True}, "sweep.yaml: exact: the points of a bayesian sweep follow from results"),
        ({"resume_policy": "FromVolume"}, "sweep.yaml: resume policy: FromVolume never goes on with multivariate-tpe"),
    ],
)
def test_what_katib_would_refuse_is_refused_first(options: Mapping[str, object], line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        rendered(sweep(), **options)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (sweep(kind="progressive"), "sweep_type: progressive cannot run on Katib"),
        (sweep(optimization={"sampler": "NSGAII"}), "optimization.sampler: NSGAII has no counterpart"),
        (sweep({"lr": LR, "act": ["a", "b"]}, optimization={"sampler": "CmaEs"}), "CmaEs needs 2 ranges on Katib"),
        (sweep({"depth": [3]}), "there is nothing to search"),
        (sweep(optimization={"storage": "postgresql://me:hush@host/db"}), "optimization.storage: holds a password"),
        (sweep(optimization={"storage": "postgresql://host/db?password=hush"}), "storage: holds a password"),
        (sweep(tracking={"mlflow_uri": "https://me:hush@host/"}), "tracking.mlflow_uri: holds a password"),
        (
            sweep(optimization={"pruner": "MedianPruner", "pruner_options": {"n_warmup_steps": 0.5}}),
            "optimization.pruner_options.n_warmup_steps: must be a whole number >= 0",
        ),
    ],
)
def test_what_would_mean_something_else_is_an_error(file: ConfigFile, line: str) -> None:
    with pytest.raises(ConfigError, match=line) as error:
        rendered(file)
    assert "hush" not in str(error.value)


def test_an_address_without_a_password_may_travel() -> None:
    storage = "postgresql+psycopg://me@host:5432/db?sslmode=require"
    spec(sweep(optimization={"storage": storage}, tracking={"mlflow_uri": "http://mlflow:5000/a:b@c"}))
