"""Accesses Katib's objects through the Kubernetes API, as plain dictionaries; each failure is a one-line error."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from morphogenetic_engine.backends.kubernetes.api_errors import Conflict, Expired, Forbidden, Missing, explained
from morphogenetic_engine.backends.kubernetes.connection import Cluster
from morphogenetic_engine.errors import ClusterError

GROUP, VERSION = "kubeflow.org", "v1beta1"
EXPERIMENTS, TRIALS, SUGGESTIONS = "experiments", "trials", "suggestions"
KATIB_NAMESPACE, KATIB_CONFIG = "kubeflow", "katib-config"
INJECTION_LABEL = "katib.kubeflow.org/metrics-collector-injection"
_OF_EXPERIMENT, _OF_TRIAL = "katib.kubeflow.org/experiment", "katib.kubeflow.org/trial"
_UNKNOWN_ALGORITHM = "unable to get Suggestion config data for algorithm"
"""The message of Katib's webhook about an algorithm that is not in its configuration."""
_REGISTER = (
    "an administrator registers the service in Katib's configuration (docs/katib.md: The same trials as a local sweep);"
    " or use Katib's own algorithms with --algorithm katib"
)
_PAGE = 500
_LISTS = 3
"""The number of times that a list is restarted after one of its pages has expired."""
_TIMEOUT = (10, 60)
"""Timeouts in seconds: to connect, and between two parts of an answer."""

Manifest = dict[str, object]


class _Metadata(Protocol):
    _continue: str | None


class _Page(Protocol):
    """A page of a list, as the client returns it."""

    items: list[object]
    metadata: _Metadata


class KatibApi:
    """The requests that a sweep needs, in one namespace of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._connect(cluster)

    def renew(self) -> None:
        """Reconnects with the current credentials.

        Raises:
            ClusterError: there are no credentials any more.
        """
        self._connect(self._renewed())

    def _connect(self, cluster: Cluster) -> None:
        from kubernetes.client import ApiextensionsV1Api, CoreV1Api, CustomObjectsApi

        self._renewed = cluster.renewed
        self.namespace = cluster.namespace
        self.host = cluster.host
        self._objects = CustomObjectsApi(cluster.client)
        self._core = CoreV1Api(cluster.client)
        self._extensions = ApiextensionsV1Api(cluster.client)

    def check_ready(self) -> None:
        """Checks that the cluster has Katib, and the namespace the label that Katib requires.

        Objects that this user may not read are not checked; creating the Experiment then reports a problem.

        Raises:
            ClusterError: one of them is missing, or the cluster cannot be reached.
        """
        self._check_definition()
        self._check_namespace()

    def check_algorithm(self, name: str) -> None:
        """Checks that Katib's configuration has the service of an algorithm, if this user may read it.

        Raises:
            ClusterError: it has none.
        """
        try:
            with explained(self.host, f"read ConfigMap {KATIB_NAMESPACE}/{KATIB_CONFIG}"):
                found = self._core.read_namespaced_config_map(KATIB_CONFIG, KATIB_NAMESPACE, _request_timeout=_TIMEOUT)
        except (Forbidden, Missing):
            return
        written = "".join((found.data or {}).values())
        if not re.search(rf"algorithmName:\s*[\"']?{re.escape(name)}[\"']?\s*$", written, re.MULTILINE):
            raise ClusterError(f"{self.host}: Katib has no algorithm {name}: {_REGISTER}")

    def create_experiment(self, manifest: Mapping[str, object]) -> Manifest:
        """Creates an Experiment, and returns the created object.

        Raises:
            Conflict: an Experiment of this name exists.
            ClusterError: Katib or the cluster rejects it.
        """
        try:
            with explained(self.host, f"create Experiment {self.namespace}/{_name(manifest)}"):
                created: Manifest = self._objects.create_namespaced_custom_object(
                    *(GROUP, VERSION, self.namespace, EXPERIMENTS), body=manifest, _request_timeout=_TIMEOUT
                )
        except ClusterError as error:
            if _UNKNOWN_ALGORITHM in str(error):  # of a user who may not read Katib's configuration
                raise ClusterError(f"{error}; {_REGISTER}") from error
            raise
        return created

    def create_claim(self, manifest: Mapping[str, object]) -> None:
        """Creates the ResourceClaim of a sweep; one that exists is not an error.

        Raises:
            ClusterError: the cluster does not know such claims, or rejects it.
        """
        absent = "knows no ResourceClaims (resource.k8s.io/v1), which gpu_sharing by: claim needs: Kubernetes 1.34"
        what = f"create ResourceClaim {self.namespace}/{_name(manifest)}"
        with suppress(Conflict), explained(self.host, what, absent=absent):
            self._objects.create_namespaced_custom_object(
                *("resource.k8s.io", "v1", self.namespace, "resourceclaims"), body=manifest, _request_timeout=_TIMEOUT
            )

    def find(self, plural: str, name: str) -> Manifest | None:
        """Returns one of Katib's objects, or None if there is none of this name."""
        try:
            with explained(self.host, f"read {plural} {self.namespace}/{name}"):
                found: Manifest = self._objects.get_namespaced_custom_object(
                    GROUP, VERSION, self.namespace, plural, name, _request_timeout=_TIMEOUT
                )
        except Missing:
            return None
        return found

    def delete(self, plural: str, name: str) -> None:
        """Deletes one of Katib's objects and, in the background, its dependents; a missing object is not an error."""
        with suppress(Missing), explained(self.host, f"delete {plural} {self.namespace}/{name}"):
            self._objects.delete_namespaced_custom_object(
                *(GROUP, VERSION, self.namespace, plural, name),
                propagation_policy="Background",
                _request_timeout=_TIMEOUT,
            )

    def trials(self, experiment: str) -> tuple[list[Manifest], str]:
        """Returns the Trials of an Experiment, and the resource version from which a watch continues."""
        for _ in range(_LISTS - 1):
            with suppress(Expired):  # the continue token has expired: the rest of that list is no longer available
                return self._all_trials(experiment)
        return self._all_trials(experiment)

    def _all_trials(self, experiment: str) -> tuple[list[Manifest], str]:
        found: list[Manifest] = []
        version, more = "", ""
        with explained(self.host, f"list the trials of Experiment {self.namespace}/{experiment}"):
            while True:
                page = self._objects.list_namespaced_custom_object(
                    *(GROUP, VERSION, self.namespace, TRIALS),
                    label_selector=f"{_OF_EXPERIMENT}={experiment}",
                    limit=_PAGE,
                    _continue=more,
                    _request_timeout=_TIMEOUT,
                )
                found += page["items"]
                version, more = page["metadata"]["resourceVersion"], page["metadata"].get("continue", "")
                if not more:
                    return found, version

    def trial_changes(self, experiment: str, version: str, seconds: int) -> Iterator[tuple[str, Manifest]]:
        """Yields the changes of an Experiment's Trials, (ADDED | MODIFIED | DELETED, Trial), for some seconds.

        Raises:
            Expired: the version is too old.
            Unreachable: the connection broke.
        """
        from kubernetes.watch import Watch

        with explained(self.host, f"watch the trials of Experiment {self.namespace}/{experiment}"):
            for event in Watch().stream(
                self._objects.list_namespaced_custom_object,
                *(GROUP, VERSION, self.namespace, TRIALS),
                label_selector=f"{_OF_EXPERIMENT}={experiment}",
                resource_version=version,
                allow_watch_bookmarks=True,
                timeout_seconds=seconds,
                _request_timeout=(_TIMEOUT[0], seconds + _TIMEOUT[1]),
            ):
                yield event["type"], event["raw_object"]

    def warnings(self) -> list[Manifest]:
        """Returns the Events of type Warning in the namespace, which Kubernetes keeps for an hour.

        Raises:
            Forbidden: this user may not list them.
        """
        return self._listed(self._core.list_namespaced_event, "events", field_selector="type=Warning")

    def trial_pods(self, experiment: str) -> list[Manifest]:
        """Returns the pods of an Experiment's trials, including ended ones.

        Raises:
            Forbidden: this user may not list them.
        """
        selector = f"{_OF_EXPERIMENT}={experiment},{_OF_TRIAL}"
        return self._listed(self._core.list_namespaced_pod, "pods", label_selector=selector)

    def _listed(self, call: Callable[..., _Page], what: str, **selectors: str) -> list[Manifest]:
        found: list[Manifest] = []
        more: str | None = ""
        with explained(self.host, f"list the {what} of namespace {self.namespace}"):
            while True:
                page = call(self.namespace, limit=_PAGE, _continue=more, _request_timeout=_TIMEOUT, **selectors)
                found += self._core.api_client.sanitize_for_serialization(page.items)
                more = page.metadata._continue  # pylint: disable=protected-access  # the client's name of the field
                if not more:
                    return found

    def _check_definition(self) -> None:
        definition = f"{EXPERIMENTS}.{GROUP}"
        try:
            with suppress(Forbidden), explained(self.host, f"read {definition}"):
                self._extensions.read_custom_resource_definition(definition, _request_timeout=_TIMEOUT)
        except Missing as error:
            raise ClusterError(f"{self.host}: has no Katib: there is no {definition}") from error

    def _check_namespace(self) -> None:
        try:
            with explained(self.host, f"read namespace {self.namespace}"):
                namespace = self._core.read_namespace(self.namespace, _request_timeout=_TIMEOUT)
        except Forbidden:
            return
        except Missing as error:
            raise ClusterError(f"{self.host}: has no namespace {self.namespace!r}") from error
        if (namespace.metadata.labels or {}).get(INJECTION_LABEL) != "enabled":
            raise ClusterError(
                f"namespace {self.namespace}: has no label {INJECTION_LABEL}=enabled, without which Katib refuses"
                f" Experiments: kubectl label namespace {self.namespace} {INJECTION_LABEL}=enabled"
            )


def _name(manifest: Mapping[str, object]) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, Mapping)
    return str(metadata["name"])
