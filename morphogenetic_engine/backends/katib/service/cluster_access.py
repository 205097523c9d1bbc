"""The two requests that the service makes to Kubernetes: how a trial is, and a mark on the Suggestion.

Kubernetes' own client needs more memory than the rest of the service.
"""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from morphogenetic_engine.backends.katib.read.objects import Phase, read_trial
from morphogenetic_engine.backends.katib.render.experiment import API_VERSION, LABEL_PREFIX
from morphogenetic_engine.errors import ClusterError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ASKED_AGAIN = f"{LABEL_PREFIX}/ended"
"""The annotation of a Suggestion: the trial that ended, and when."""
_HOST, _PORT = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"
_SECONDS = 30


class TrialStatus(Enum):
    """The state of a trial, as far as a waiting sweep needs it."""

    NOT_YET = "not yet"
    """It runs, or was deleted and comes again."""
    ENDED = "ended"
    UNAVAILABLE = "metrics unavailable"
    """It has ended, and Katib will never tell of it."""


class NoRights(ClusterError):
    """The pod's account may not do this."""


@dataclass(frozen=True)
class ClusterAccess:
    """Kubernetes as a pod of one namespace reaches it."""

    address: str
    namespace: str
    account: Path = ACCOUNT
    """The folder with the token, which is renewed now and then, and the certificate of the server."""

    def status(self, trial: str) -> TrialStatus:
        """Returns how a trial is.

        Raises:
            NoRights: the account may not read trials.
            ClusterError: the cluster does not answer.
        """
        try:
            manifest = self._ask("GET", f"trials/{trial}")
        except _NotFound:
            return TrialStatus.NOT_YET
        phase = read_trial(manifest).condition.phase
        if phase is Phase.METRICS_UNAVAILABLE:
            return TrialStatus.UNAVAILABLE
        return TrialStatus.ENDED if phase.final else TrialStatus.NOT_YET

    def mark(self, suggestion: str, text: str) -> None:
        """Changes an annotation of a Suggestion, upon which Katib's controller looks at it again.

        Raises:
            NoRights: the account may not change it.
            ClusterError: the cluster does not answer, or the Suggestion is gone.
        """
        self._ask("PATCH", f"suggestions/{suggestion}", {"metadata": {"annotations": {ASKED_AGAIN: text}}})

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        url = f"{self.address}/apis/{API_VERSION}/namespaces/{self.namespace}/{path}"
        where = f"{method} {path} in {self.namespace}"
        try:
            headers = {"Authorization": f"Bearer {(self.account / 'token').read_text(encoding='ascii').strip()}"}
            data = None if body is None else json.dumps(body).encode()
            if data is not None:
                headers["Content-Type"] = "application/merge-patch+json"
            context = self._context() if url.startswith("https:") else None
            request = Request(url, data, headers, method=method)
            with urlopen(request, timeout=_SECONDS, context=context) as answer:
                found = json.load(answer)
        except HTTPError as error:
            with error:
                kind = _KINDS.get(error.code, ClusterError)
                raise kind(f"{where}: {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            raise ClusterError(f"{where}: {error}") from error
        if not isinstance(found, dict):
            raise ClusterError(f"{where}: the answer is no object")
        return found

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.account / "ca.crt"))


class _NotFound(ClusterError):
    """There is no such object."""


_KINDS: dict[int, type[ClusterError]] = {
    HTTPStatus.UNAUTHORIZED: NoRights,
    HTTPStatus.FORBIDDEN: NoRights,
    HTTPStatus.NOT_FOUND: _NotFound,
}


def pod_access(namespace: str) -> ClusterAccess | None:
    """Returns the access that the pod's account gives; None: the pod has no account, or this is no pod."""
    host, port = os.environ.get(_HOST), os.environ.get(_PORT, "443")
    if not host or not (ACCOUNT / "token").is_file():
        return None
    return ClusterAccess(f"https://{f'[{host}]' if ':' in host else host}:{port}", namespace)
