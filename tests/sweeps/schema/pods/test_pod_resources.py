"""The `resources` section of a sweep file."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig


def resources(**written: object) -> ResourcesConfig:
    return parse_config({"resources": written}, where="sweep.yaml").resources


def test_amounts_are_texts_as_kubernetes_writes_them() -> None:
    found = resources(cpu=1.5, memory="8Gi", scratch="500M", shm_size="2Gi")
    assert (found.cpu, found.memory, found.scratch, found.shm_size) == ("1.5", "8Gi", "500M", "2Gi")


def test_labels_that_yaml_reads_as_something_else_are_texts() -> None:
    tolerations = [{"key": "spot", "value": True}]
    found = resources(node_selector={"gpu": True, "generation": 3}, environment={"LEVEL": 2}, tolerations=tolerations)
    assert found.tolerations[0].value == "true"
    assert found.node_selector == {"gpu": "true", "generation": "3"} and found.environment == {"LEVEL": "2"}


@pytest.mark.parametrize(
    "image", ["train", "localhost/train:kind", "Registry.example:5000/a/b_c.d-e:V1.0", f"r.io/t:1@sha256:{'a' * 64}"]
)
def test_images_of_any_registry_are_taken(image: str) -> None:
    assert resources(image=image).image == image


def test_resources_are_no_part_of_the_sweep_s_identity() -> None:
    bare, heavy = parse_config({}, where=""), parse_config({"resources": {"gpu": 8, "image": "r/i:1"}}, where="")
    assert bare.identity == heavy.identity


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"gpus": 1}, "sweep.yaml: resources.gpus: unknown key; did you mean 'gpu'?"),
        ({"gpu": -1}, "sweep.yaml: resources.gpu: must be >= 0, but got -1"),
        ({"memory": "8 GB"}, "resources.memory: must be an amount such as 2, 500m or 8Gi, but got '8 GB'"),
        ({"cpu": 0}, "resources.cpu: must be more than nothing, but got 0"),
        ({"cpu": True}, "resources.cpu: must be an amount"),
        ({"gpu_resource": "no spaces"}, "resources.gpu_resource: must be a name such as nvidia.com/gpu"),
        ({"memory": "512m"}, "resources.memory: must be bytes, such as 512Mi or 8Gi (m is a thousandth)"),
        ({"shm_size": "64m"}, "resources.shm_size: must be bytes"),
        ({"gpu_resource": "gpu"}, "resources.gpu_resource: must begin with whose it is, such as nvidia.com/gpu"),
        ({"image": "a b"}, "resources.image: must be the name of an image"),
        ({"image": "registry/Train:1"}, "resources.image: must be the name of an image"),
        ({"image": "${trialParameters.x}"}, "resources.image: must be the name of an image"),
        ({"node_selector": {"pool": "two words"}}, "resources.node_selector.pool: must be a label's value"),
        ({"node_selector": {"pool": "x" * 64}}, "resources.node_selector.pool: must be a label's value"),
        ({"service_account": "Me"}, "resources.service_account: must be small letters"),
        ({"environment": {"AWS_SECRET_ACCESS_KEY": "x"}}, "AWS_SECRET_ACCESS_KEY looks like a secret"),
        ({"environment": {"MORPHOGENETIC_SWEEP": "{}"}}, "MORPHOGENETIC_SWEEP is set for each trial; leave it out"),
        ({"environment": {"KATIB_TRIAL_NAME": "x"}}, "KATIB_TRIAL_NAME is set for each trial; leave it out"),
        ({"environment": {"A": "${trialParameters.x}"}}, "environment.A: must hold no placeholder of Katib's"),
        ({"environment": {"a-b": "x"}}, "must be the name of an environment variable, but got 'a-b'"),
        ({"tolerations": [{"value": "x"}]}, "key is missing; every taint is {operator: Exists}"),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]}, "value must be left out"),
        ({"tolerations": [{"key": "a", "toleration_seconds": 5}]}, "toleration_seconds needs effect: NoExecute"),
    ],
)
def test_mistakes_are_found_before_a_cluster_sees_them(written: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigError) as error:
        resources(**written)
    assert line in str(error.value) and "\n" not in str(error.value)
