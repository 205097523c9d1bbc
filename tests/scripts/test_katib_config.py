"""The suggestion service is put into Katib's configuration, and all else stays as it is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.katib_config import SERVICE, service_entry, with_service
from tests.manifests.kustomizations import MANIFESTS, breaches, build, field, items, name
from tests.scripts.cluster import ROOT

OTHERS = """apiVersion: v1
kind: Service
metadata: {name: katib-config-of-another-kind}  # as it is
---
"""
CONFIG_MAP = """apiVersion: v1
data:
  katib-config.yaml: |
    init: {controller: {webhookPort: 8443}}
    runtime:
      metricsCollectors: [{kind: File, image: collector, resources: &little {limits: {cpu: "1"}}}]
      suggestions:
        - {algorithmName: random, image: "random:1", resources: *little}
kind: ConfigMap
metadata:
  name: katib-config
  namespace: kubeflow
  resourceVersion: "7"
"""
ENTRY = {"algorithmName": "morphogenetic", "image": "registry/suggestion:1"}


def config_of(objects: str) -> object:
    (found,) = (each for each in yaml.safe_load_all(objects) if each["kind"] == "ConfigMap")
    assert found["metadata"]["resourceVersion"] == "7"
    return yaml.safe_load(found["data"]["katib-config.yaml"])


def test_the_service_is_added_and_the_rest_means_what_it_meant() -> None:
    written = with_service(OTHERS + CONFIG_MAP, ENTRY)
    assert written.startswith(OTHERS)
    before, after = config_of(CONFIG_MAP), config_of(written)
    assert items(after, "runtime", "suggestions") == [*items(before, "runtime", "suggestions"), ENTRY]
    for path in (("init",), ("runtime", "metricsCollectors")):
        assert field(after, *path) == field(before, *path)


def test_another_image_takes_the_place_of_the_one_before() -> None:
    newer = {**ENTRY, "image": "registry/suggestion:2"}
    assert with_service(with_service(CONFIG_MAP, ENTRY), newer) == with_service(CONFIG_MAP, newer)


def test_what_is_registered_stays_byte_for_byte() -> None:
    once = with_service(OTHERS + CONFIG_MAP, ENTRY)
    assert with_service(once, ENTRY) == once


def test_an_overlay_without_the_service_changes_nothing() -> None:
    assert service_entry(OTHERS) is None
    assert with_service(CONFIG_MAP, None) == CONFIG_MAP


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        (OTHERS, "must have one ConfigMap katib-config, but has 0"),
        (CONFIG_MAP.replace("suggestions:", "others:"), "katib-config.yaml: has no list runtime.suggestions"),
    ],
)
def test_what_is_no_configuration_of_katib_is_refused(objects: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        with_service(objects, ENTRY)


def test_by_hand_with_an_image_of_ones_own() -> None:
    words = [sys.executable, "scripts/katib_config.py", "--image", "registry/mine:3"]
    done = subprocess.run(words, cwd=ROOT, input=CONFIG_MAP, capture_output=True, text=True, check=True)
    ours = items(config_of(done.stdout), "runtime", "suggestions")[-1]
    assert (field(ours, "algorithmName"), field(ours, "image")) == ("morphogenetic", "registry/mine:3")
    assert field(ours, "env") and field(ours, "resources", "limits")


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    words = [sys.executable, "scripts/katib_config.py", "--service", str(tmp_path / "none.yaml")]
    done = subprocess.run(words, cwd=ROOT, input=CONFIG_MAP, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


@pytest.mark.parametrize("overlay", ["kind", "gpu"])
def test_the_overlays_have_the_service_with_an_image_of_theirs(overlay: str) -> None:
    built = {name(each): each for each in build(MANIFESTS / "overlays" / overlay)}
    pod = field(built["PodTemplate/morphogenetic-suggestion"], "template", "spec")
    assert breaches(pod) == []
    entry = service_entry(yaml.safe_dump_all(built.values()))
    assert entry is not None and entry["image"] != "morphogenetic-suggestion"
    assert entry["algorithmName"] == "morphogenetic"
    assert service_entry(SERVICE.read_text(encoding="utf-8"), str(entry["image"])) == entry


def test_the_account_can_be_left_out() -> None:
    program = [sys.executable, "-m", "scripts.katib_config", "--image", "registry/suggestion:1"]
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "katib-config"},
        "data": {"katib-config.yaml": "runtime: {suggestions: []}\n"},
    }
    for words, account in (([], "morphogenetic-suggestion"), (["--no-account"], None)):
        done = subprocess.run(
            [*program, *words], input=yaml.safe_dump(config), capture_output=True, text=True, check=True, cwd=ROOT
        )
        (entry,) = yaml.safe_load(yaml.safe_load(done.stdout)["data"]["katib-config.yaml"])["runtime"]["suggestions"]
        assert entry.get("serviceAccountName") == account
