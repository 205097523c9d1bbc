"""Amounts of bytes as Kubernetes writes them, which Katib's webhook compares letter by letter."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.admission import check_admission
from morphogenetic_engine.backends.katib.render.experiment import render_experiment
from morphogenetic_engine.backends.katib.render.validation import trial_job
from morphogenetic_engine.backends.kubernetes.quantity import bytes_of, canonical_bytes, whole_cores
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text
from tests.emulated_katib.quantity import refused, written_back

AMOUNTS = st.builds(
    lambda number, unit: f"{number}{unit}",
    st.one_of(st.integers(1, 10**6).map(str), st.decimals(0, 5000, places=2).filter(bool).map(str)),
    st.sampled_from(["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"]),
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("2048Mi", "2Gi"),
        ("8Gi", "8Gi"),
        ("1024", "1024"),
        ("1000", "1k"),
        ("1.5G", "1500M"),
        (".5Ki", "512"),
        ("1.953125Ki", "2k"),
        ("0.3Gi", "322122548"),
    ],
)
def test_an_amount_is_written_as_kubernetes_does(text: str, written: str) -> None:
    assert canonical_bytes(text) == written


@given(AMOUNTS)
def test_what_is_written_comes_back_from_kubernetes_as_it_is(text: str) -> None:
    written = canonical_bytes(text)
    assert written_back(written) == written == canonical_bytes(written)
    assert bytes_of(written) == bytes_of(text)


@pytest.mark.parametrize("text", ["", "Gi", "512m", "-1Gi", "1,5Gi", "8gb"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an amount of bytes"):
        canonical_bytes(text)


SWEEP = """
experiment: {workload: "toy:quadratic"}
parameters: {x: [0.1]}
resources: {image: "registry/toy:1", scratch: SCRATCH, shm_size: 0.5Gi, memory: 2048Mi}
"""


@pytest.mark.parametrize("scratch", ["1.5Gi", "2048Mi", "1000", "1024Mi"])
def test_katib_takes_a_sweep_whatever_form_its_sizes_have(scratch: str) -> None:
    file = config_of_text(SWEEP.replace("SCRATCH", scratch), where="sweep.yaml")
    manifest = render_experiment(file, RenderOptions()).manifest
    assert not list(refused(trial_job(manifest)))


def test_a_size_in_another_form_is_found_before_it_is_sent() -> None:
    file = config_of_text(SWEEP.replace("SCRATCH", "1Gi"), where="sweep.yaml")
    manifest = yaml.safe_load(yaml.safe_dump(render_experiment(file, RenderOptions()).manifest))
    pod = manifest["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    pod["volumes"][0]["emptyDir"]["sizeLimit"] = "1024Mi"
    assert list(refused(trial_job(manifest)))
    with pytest.raises(ConfigError, match=r"emptyDir.sizeLimit: must be an amount as Kubernetes writes it"):
        check_admission(manifest)


@pytest.mark.parametrize(("cpu", "cores"), [(None, 1), ("500m", 1), ("2500m", 2), ("1.5", 1), ("4", 4), ("1k", 1000)])
def test_whole_cores_are_rounded_down_and_at_least_one(cpu: str | None, cores: int) -> None:
    assert whole_cores(cpu) == cores
