"""The cluster and the kubeconfig of the tests of Katib's client."""

from tests.backends.katib.client.conftest import Command, cluster, command, katib, kubeconfig, server

__all__ = ["Command", "cluster", "command", "katib", "kubeconfig", "server"]
