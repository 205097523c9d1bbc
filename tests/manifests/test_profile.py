"""manifests/overlays/profile: the owner of a Kubeflow profile can apply it without being an administrator."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from tests.manifests.kustomizations import MANIFESTS, Object, build, field, items

OVERLAY = MANIFESTS / "overlays" / "profile"
# What the ClusterRole kubeflow-admin, which a profile's owner has in its namespace, allows of what may stand in an
# overlay: common/kubeflow-roles of kubeflow/manifests, and Katib's kubeflow-katib-edit.
MAY_CREATE = frozenset(
    {
        *("ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "Deployment", "StatefulSet"),
        *("NetworkPolicy", "Role", "RoleBinding"),
    }
)
ALL_VERBS = frozenset({"get", "list", "watch", "create", "delete", "deletecollection", "patch", "update"})
READ = frozenset({"get", "list", "watch"})
HOLDS = {
    ("kubeflow.org", "experiments"): ALL_VERBS,
    ("kubeflow.org", "trials"): ALL_VERBS,
    ("kubeflow.org", "suggestions"): ALL_VERBS,
    ("", "pods"): ALL_VERBS,
    ("", "secrets"): ALL_VERBS,
    ("", "events"): READ,
    ("batch", "jobs"): ALL_VERBS,
}


def test_every_object_is_one_that_the_owner_may_create_in_the_namespace() -> None:
    objects = build(OVERLAY)
    assert {str(each["kind"]) for each in objects} <= MAY_CREATE
    homes = {field(each, "metadata", "namespace") for each in objects}
    assert len(homes) == 1 and None not in homes


def test_its_roles_grant_nothing_that_the_owner_does_not_hold() -> None:
    """Kubernetes refuses a Role with more rights than its creator has."""
    for rule in [rule for each in build(OVERLAY) for rule in items(each, "rules")]:
        for group, resource in product(items(rule, "apiGroups"), items(rule, "resources")):
            assert set(map(str, items(rule, "verbs"))) <= HOLDS[str(group), str(resource)]


def test_the_namespace_is_named_in_one_place(tmp_path: Path) -> None:
    text = (OVERLAY / "kustomization.yaml").read_text(encoding="utf-8")
    home = str(field(build(OVERLAY)[0], "metadata", "namespace"))
    assert text.count(home) == 1
    place = MANIFESTS / "overlays" / "profile"
    mine = tmp_path / "manifests" / "overlays" / "mine"
    mine.mkdir(parents=True)
    for shared in ("accounts", "options"):
        (tmp_path / "manifests" / shared).symlink_to(MANIFESTS / shared)
    for file in place.iterdir():
        (mine / file.name).write_text(file.read_text(encoding="utf-8").replace(home, "alice"), encoding="utf-8")
    objects = build(mine)
    assert {field(each, "metadata", "namespace") for each in objects} == {"alice"}
    assert subjects(objects) == {
        ("default-editor", "alice"),
        ("morphogenetic-sweep", "alice"),
        ("morphogenetic-suggestion", "alice"),
        ("morphogenetic-coordinator", "alice"),
    }


def subjects(objects: list[Object]) -> set[tuple[str, str]]:
    bound = [subject for each in objects for subject in items(each, "subjects")]
    return {(str(field(each, "name")), str(field(each, "namespace"))) for each in bound}


def test_sweeps_have_the_same_rights_as_in_a_namespace_of_their_own() -> None:
    kind = build(MANIFESTS / "overlays" / "kind")
    # Claims of shared GPUs are not an owner's to grant: docs/katib.md.
    claims = "morphogenetic-sweep-claims"
    rules = [
        [each["rules"] for each in objects if each["kind"] == "Role" and field(each, "metadata", "name") != claims]
        for objects in (kind, build(OVERLAY))
    ]
    assert rules[0] == rules[1] != []
