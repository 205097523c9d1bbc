"""Errors of the cluster's API: which may be retried, and their messages."""

from __future__ import annotations

import json

import pytest
from kubernetes.client import ApiException

from morphogenetic_engine.backends.kubernetes.api_errors import (
    Conflict,
    Expired,
    Forbidden,
    Missing,
    Unauthenticated,
    Unreachable,
    explained,
)
from morphogenetic_engine.errors import ClusterError


def raised(status: int, message: str = "said so") -> ClusterError:
    error = ApiException(status=status, reason="Because")
    error.body = json.dumps({"message": message}) if message else "<html>"
    with pytest.raises(ClusterError) as caught, explained("https://cluster", "create Experiment a/b"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ClusterError),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, Missing),
        (409, Conflict),
        (410, Expired),
        (422, ClusterError),
        (429, Unreachable),
        (500, Unreachable),
        (501, ClusterError),
        (502, Unreachable),
        (503, Unreachable),
        (504, Unreachable),
        (505, ClusterError),
    ],
)
def test_a_status_says_whether_asking_again_may_help(status: int, kind: type[ClusterError]) -> None:
    assert raised(status).__class__ is kind
    assert "https://cluster" in str(raised(status))


def test_what_to_do_is_said() -> None:
    assert "rejects the credentials (401); have those of the kubeconfig expired?" in str(raised(401))
    assert str(raised(404, "")).endswith("has no Katib: it does not know kubeflow.org/v1beta1")
    assert str(raised(404)).endswith("cannot create Experiment a/b: said so")
    assert str(raised(400, "")).endswith("cannot create Experiment a/b: Because (400)")
    denied = raised(400, 'admission webhook "v.katib" denied the request: no parameters')
    assert str(denied) == "Katib refuses to create Experiment a/b: no parameters"
