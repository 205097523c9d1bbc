"""Pods of trials that share a GPU: claims, KAI and HAMi, and what a cluster must have for each."""

from __future__ import annotations

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.validation import validate_experiment, validate_object
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from tests.backends.katib.render.configs import at, container, job, pod, rendered, sweep

MPS = {"by": "claim", "strategy": "MPS", "memory": "10240Mi", "compute": 25}


def sharing(gpu: object = 0, **settings: object) -> ConfigFile:
    """Returns a sweep whose trials share GPUs."""
    return sweep(resources={"image": "registry/train:1", "gpu": gpu, "memory": "8Gi", "gpu_sharing": settings})


def told(file: ConfigFile) -> list[str]:
    return [each.text for each in rendered(file).unsupported if each.key == "resources.gpu_sharing"]


def test_all_pods_name_the_one_claim_of_the_sweep() -> None:
    found = rendered(sharing(**MPS), name="mine", namespace="ml")
    claim = yaml.safe_load(yaml.safe_dump(found.claim))
    validate_object(claim)
    validate_experiment(found.manifest)
    assert (at(claim, "metadata", "name"), at(claim, "metadata", "namespace")) == ("mine", "ml")
    assert at(claim, "spec", "devices", "requests") == [
        {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}
    ]
    (config,) = at(claim, "spec", "devices", "config")
    assert at(config, "opaque", "parameters", "sharing") == {
        "strategy": "MPS",
        "mpsConfig": {"defaultActiveThreadPercentage": 25, "defaultPinnedDeviceMemoryLimit": "10Gi"},
    }
    own = pod(sharing(**MPS), name="mine")
    assert own["resourceClaims"] == [{"name": "gpu", "resourceClaimName": "mine"}]
    assert at(own, "containers", 0, "resources") == {
        "requests": {"memory": "8Gi"},
        "limits": {"memory": "8Gi"},
        "claims": [{"name": "gpu"}],
    }


def test_a_claim_without_a_strategy_is_shared_as_the_driver_does_it() -> None:
    found = rendered(sharing(by="claim", device_class="mig.nvidia.com"))
    devices = at(found.claim, "spec", "devices")
    assert "config" not in devices
    assert at(devices, "requests", 0, "exactly", "deviceClassName") == "mig.nvidia.com"
    needs = told(sharing(by="claim"))
    assert len(needs) == 2 and "Kubernetes 1.34" in needs[0] and "nothing limits" in needs[1]


@pytest.mark.parametrize(
    ("strategy", "gate"), [("MPS", "feature gate MPSSupport"), ("TimeSlicing", "feature gate TimeSlicingSettings")]
)
def test_the_gate_of_the_driver_is_told(strategy: str, gate: str) -> None:
    assert gate in told(sharing(by="claim", strategy=strategy))[0]


@pytest.mark.parametrize(
    ("part", "annotations"),
    [({"fraction": 0.25}, {"gpu-fraction": "0.25"}), ({"memory": "1.5Gi"}, {"gpu-memory": "1536"})],
)
def test_the_kai_scheduler_reads_a_part_from_annotations(part: dict[str, object], annotations: object) -> None:
    file = sharing(by="kai", queue="team", **part)
    template = at(job(file), "spec", "template")
    assert at(template, "metadata", "annotations") == annotations
    assert at(template, "metadata", "labels")["kai.scheduler/queue"] == "team"
    assert at(template, "spec", "schedulerName") == "kai-scheduler"
    assert "nvidia.com/gpu" not in at(container(file), "resources", "limits")
    assert "KAI scheduler" in told(file)[0] and "global.gpuSharing=true" in told(file)[0]
    validate_experiment(rendered(file).manifest)


def test_hami_reads_a_part_from_amounts() -> None:
    file = sharing(1, by="hami", memory="4000Mi", compute=30)
    limits = at(container(file), "resources", "limits")
    assert limits == {"memory": "8Gi", "nvidia.com/gpu": "1", "nvidia.com/gpumem": "4000", "nvidia.com/gpucores": "30"}
    assert at(container(file), "resources", "requests") == limits
    assert told(file) == ["the cluster must have HAMi, on nodes that it manages"]
    validate_experiment(rendered(file).manifest)


def test_without_sharing_nothing_is_added() -> None:
    plain = sweep(resources={"image": "registry/train:1", "gpu": 1})
    assert rendered(plain).claim is None and told(plain) == []
    assert not {"resourceClaims", "schedulerName"} & pod(plain).keys()
    assert "annotations" not in at(job(plain), "spec", "template", "metadata")


@pytest.mark.parametrize(
    ("gpu", "settings", "line"),
    [
        (0, {"by": "claim", "fraction": 0.5}, "fraction is no setting of by: claim, which has compute, device_class"),
        (0, {"by": "claim", "memory": "4Gi"}, "memory and compute of a claim need strategy: MPS"),
        (0, {"by": "kai", "queue": "team"}, "needs either fraction or memory"),
        (0, {"by": "kai", "queue": "team", "fraction": 0.5, "memory": "4Gi"}, "needs either fraction or memory"),
        (0, {"by": "kai", "fraction": 0.5}, "by: kai needs queue"),
        (0, {"by": "hami"}, "by: hami needs memory"),
        (0, {"by": "hami", "memory": "4Gi"}, "must be 1 or more with gpu_sharing by: hami"),
        (1, {"by": "claim"}, "must be 0 with gpu_sharing by: claim"),
        (2, {"by": "kai", "fraction": 0.5, "queue": "team"}, "must be 0 with gpu_sharing by: kai"),
    ],
)
def test_what_does_not_fit_together_is_refused(gpu: int, settings: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigError, match=f"resources.*{line}"):
        sharing(gpu, **settings)


def test_options_are_held_against_the_file() -> None:
    with pytest.raises(ConfigError, match="--gpu: must be 0 with gpu_sharing by: claim"):
        rendered(sharing(by="claim"), gpu=1)
    many = sweep(
        resources={"gpu_sharing": {"by": "claim"}}, optimization={"n_trials": 300}, execution={"max_parallel": 257}
    )
    with pytest.raises(ConfigError, match="max_parallel: must be <= 256 with gpu_sharing by: claim"):
        rendered(many)
