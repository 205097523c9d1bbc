"""The rights that the manifests grant are exactly those that the commands use."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_gpu_sharing import share_a_gpu
from tests.backends.katib.client.test_local_search import OURS, config_map
from tests.backends.katib.client.test_submit import SUBMIT
from tests.backends.katib.client.test_watch import Follower
from tests.waiting import until

MANIFESTS = Path(__file__).parents[4] / "manifests"
RIGHTS = (MANIFESTS / "accounts/role.yaml", MANIFESTS / "base/rbac.yaml")


def granted() -> set[tuple[str, str]]:
    """Returns (verb, plural) of every rule."""
    documents = [each for file in RIGHTS for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    rules = [rule for document in documents for rule in document.get("rules", ())]
    return {(verb, plural) for rule in rules for plural in rule["resources"] for verb in rule["verbs"]}


def test_every_right_is_used_and_every_use_is_a_right(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    cluster.allowed = granted()
    cluster.put("configmaps", "kubeflow", config_map("random"))
    assert command(*OURS).status == 2  # its service is not registered
    share_a_gpu()
    assert command(*SUBMIT).status == 0
    katib.start("a", x="0.1")
    follower = Follower()  # `watch`, and `submit --wait`
    until(lambda: follower.sees(a="Running"))
    katib.end("a", "Succeeded", val_acc=1)
    until(lambda: follower.sees(a="Succeeded"))
    katib.start("c", x="0.3")
    katib.end("c", "Failed", "no luck")
    until(lambda: follower.sees(a="Succeeded", c="Failed"))
    katib.start("b", x="0.7")
    katib.finish("Failed", "ExperimentFailed", "Suggestion has failed.")
    follower.ends()
    assert follower.error is None and not follower.troubles
    assert command(*"sweep collect --experiment toy".split()).status == 1
    assert command(*"sweep stop --experiment toy".split()).status == 1
    assert cluster.names("trials") == ["a", "c"]
    katib.finish("Running")
    ran = command(*"sweep stop --experiment toy".split())
    assert "deleted" in ran.out and cluster.names("experiments") == []
    assert cluster.asked == granted()
