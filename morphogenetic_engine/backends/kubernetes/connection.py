"""Connects to a cluster with a kubeconfig, or with the service account of the pod that this process runs in."""

# The client takes a second to import; deferred imports keep `--help` fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.kubeconfig import kubeconfig_path, read_contexts
from morphogenetic_engine.errors import ClusterError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import Retry

_BUSY_TRIES, _LONGEST_PAUSE = 4, 30
"""The number of retries for answers with Retry-After, and the longest pause in seconds."""
TIMEOUT = (5, 20)
"""Seconds in which a quick question must be connected and answered."""
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class Cluster:
    """A connection to a cluster, and the default namespace."""

    client: ApiClient
    namespace: str
    renewed: Callable[[], Cluster]
    """Reconnects with the current credentials."""

    @property
    def host(self) -> str:
        return str(self.client.configuration.host)


def connect(*, namespace: str | None = None, kubeconfig: Path | None = None, context: str | None = None) -> Cluster:
    """Returns the cluster of a kubeconfig, or the one that this pod runs in; sends no request.

    Raises:
        ClusterError: there is no kubeconfig, it is damaged or has no such context, or the client is not installed.
    """
    renewed = partial(connect, namespace=namespace, kubeconfig=kubeconfig, context=context)
    if find_spec("kubernetes") is None:
        raise ClusterError("the Kubernetes client is not installed: pip install 'morphogenetic-engine[cluster]'")
    named = kubeconfig is not None or context is not None or "KUBECONFIG" in os.environ
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and not named
    client, home = _of_pod() if in_pod else _of_kubeconfig(kubeconfig, context)
    client.configuration.retries = _patience()
    return Cluster(_fresh(client), namespace or home, renewed)


def _patience() -> Retry:
    """Returns the client's retry policy: only answers with Retry-After are retried.

    All other retries are decided by the callers, which know the request.
    """
    from urllib3 import Retry

    return Retry(
        connect=0,
        read=0,
        redirect=0,
        other=0,
        status=_BUSY_TRIES,
        allowed_methods=None,
        raise_on_status=False,
        retry_after_max=_LONGEST_PAUSE,
    )


def _of_pod() -> tuple[ApiClient, str]:
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
        namespace = _POD_NAMESPACE.read_text(encoding="utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise ClusterError(f"this pod has no service account with access to the cluster: {_line(error)}") from error
    return client.ApiClient(configuration), namespace


def _of_kubeconfig(kubeconfig: Path | None, context: str | None) -> tuple[ApiClient, str]:
    from kubernetes import config
    from yaml import YAMLError

    path = kubeconfig_path(kubeconfig)
    contexts = read_contexts(path)
    context = context or contexts.current
    known = ", ".join(contexts.namespaces) or "none"
    if context is None:
        raise ClusterError(f"{path}: is not a valid kubeconfig: sets no context; give --context: {known}")
    if context not in contexts.namespaces:
        raise ClusterError(f"{path}: has no context {context!r}; it has {known}")
    try:
        with _complaints_raised(config.ConfigException):
            client = config.new_client_from_config(path, context=context)
    except (config.ConfigException, YAMLError, OSError, TypeError, KeyError, ValueError) as error:
        raise ClusterError(f"{path}: is not a valid kubeconfig: {_line(error)}") from error
    return client, contexts.namespaces[context]


@contextmanager
def _complaints_raised(kind: type[Exception]) -> Iterator[None]:
    """Raises the client's log messages as errors: that a credentials plugin failed, so requests would be anonymous."""
    listener = _Listener(logging.ERROR)
    logging.getLogger().addHandler(listener)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(listener)
    if listener.said:
        raise kind(listener.said[0])


class _Listener(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _fresh(client: ApiClient) -> ApiClient:
    """Returns a client whose connections use the configuration; the client reads it when it opens them."""
    from kubernetes.client import ApiClient as Client

    return Client(client.configuration)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
