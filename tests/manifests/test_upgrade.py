"""Upgrading a cluster from the previous version: every manifest is accepted, and no object is lost."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.manifests.kustomizations import MANIFESTS, Object, build, field, name

BEFORE = Path(__file__).with_name("deployed_before.yaml")
FIXED = {
    "StatefulSet": (("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")),
    "Deployment": (("spec", "selector"),),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
}
"""Kubernetes refuses a change of these; a claim of another name is an empty volume."""


def read() -> dict[str, Object]:
    objects = yaml.safe_load_all(BEFORE.read_text(encoding="utf-8"))
    return {name(each): each for each in objects}


def test_every_object_of_before_is_still_there() -> None:
    now = {name(each): each for each in build(MANIFESTS / "overlays" / "kind")}
    before = read()
    assert before.keys() <= now.keys()
    homes = {title: [field(each, "metadata", "namespace") for each in (before[title], now[title])] for title in before}
    assert {title: home for title, home in homes.items() if home[0] != home[1]} == {}


def test_what_cannot_be_changed_has_not_changed() -> None:
    now = {name(each): each for each in build(MANIFESTS / "overlays" / "kind")}
    checked = 0
    for title, each in read().items():
        for path in FIXED.get(str(each["kind"]), ()):
            assert field(each, *path) is not None and field(now[title], *path) == field(each, *path), (title, path)
            checked += 1
    assert checked >= 9
