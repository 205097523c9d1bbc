"""The folder katib/ holds the examples as the present code renders them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.sweeps.config_file import read_config
from tests.backends.katib.render.configs import ROOT, rendered
from tests.manifests.kustomizations import KUBECTL

EXPERIMENTS = sorted(path for path in (ROOT / "katib").glob("*.yaml") if path.name != "kustomization.yaml")


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_it_is_what_the_example_renders_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    experiment = rendered(read_config(Path("examples") / path.name), image="morphogenetic-train")
    body = "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[0] != "#")
    assert body == manifest_yaml([experiment.manifest]), "make render"


def test_the_kustomization_sets_the_image_of_every_trial() -> None:
    built = subprocess.run([KUBECTL, "kustomize", str(ROOT / "katib")], capture_output=True, check=True, text=True)
    documents = list(yaml.safe_load_all(built.stdout))
    assert len(documents) > 5
    for document in documents:
        (container,) = document["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "localhost/morphogenetic-train:kind"
        assert document["metadata"]["namespace"] == "morphogenetic"
