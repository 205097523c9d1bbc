"""The way to a cluster: a kubeconfig, or the service account of the pod that this process runs in."""

# The client takes a second to import, which `--help` need not wait for.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ClusterError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class Cluster:
    """A cluster that can be asked, and the namespace that is meant."""

    client: ApiClient
    namespace: str

    @property
    def host(self) -> str:
        return str(self.client.configuration.host)


def connect(*, namespace: str | None = None, kubeconfig: Path | None = None, context: str | None = None) -> Cluster:
    """Return the cluster that a kubeconfig names, or the one that this pod is in; nothing is sent yet.

    Raises:
        ClusterError: there is no kubeconfig, it is damaged or has no such context, or the client is not installed.
    """
    if find_spec("kubernetes") is None:
        raise ClusterError("the Kubernetes client is not installed: pip install 'morphogenetic-engine[cluster]'")
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and kubeconfig is None and "KUBECONFIG" not in os.environ
    client, home = _of_pod() if in_pod else _of_kubeconfig(kubeconfig, context)
    client.configuration.retries = False  # repeating is decided where it is known what is asked
    return Cluster(_fresh(client), namespace or home)


def _of_pod() -> tuple[ApiClient, str]:
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
        namespace = _POD_NAMESPACE.read_text(encoding="utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise ClusterError(f"this pod has no service account that may ask the cluster: {_line(error)}") from error
    return client.ApiClient(configuration), namespace


def _of_kubeconfig(kubeconfig: Path | None, context: str | None) -> tuple[ApiClient, str]:
    from kubernetes import config
    from yaml import YAMLError

    path = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))
    if not any(Path(each).is_file() for each in path.split(os.pathsep)):
        raise ClusterError(f"no cluster: there is no kubeconfig {path}; set KUBECONFIG, or give --kubeconfig")
    try:
        contexts, active = config.list_kube_config_contexts(path)
        chosen = next((each for each in contexts if each["name"] == context), None) if context else active
        if chosen is None:
            known = ", ".join(each["name"] for each in contexts)
            raise ClusterError(f"{path}: has no context {context!r}; it has {known}")
        client = config.new_client_from_config(path, context=context)
    except (config.ConfigException, YAMLError, OSError, TypeError, KeyError) as error:
        raise ClusterError(f"{path}: is no kubeconfig that can be used: {_line(error)}") from error
    return client, chosen["context"].get("namespace", "default")


def _fresh(client: ApiClient) -> ApiClient:
    """Return a client whose connections follow its configuration, which is read when they are made."""
    from kubernetes.client import ApiClient as Client

    return Client(client.configuration)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
