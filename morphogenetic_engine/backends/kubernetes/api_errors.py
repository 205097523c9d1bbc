"""Converts the exceptions of the Kubernetes client to one-line errors that say where, what and why."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from morphogenetic_engine.errors import ClusterError

_DENIED = re.compile(r'admission webhook "(?P<webhook>[^"]+)" denied the request: (?P<why>.*)', re.DOTALL)
_GONE = 410
_PATIENCE_SECONDS = 60.0
Answer = TypeVar("Answer")
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Unreachable(ClusterError):
    """The cluster does not answer, or is temporarily unavailable; a retry may succeed."""


class Expired(ClusterError):
    """The resource version of a watch has expired: list again."""


class Missing(ClusterError):
    """There is no such object."""


class Unauthenticated(ClusterError):
    """The cluster rejects the credentials; renewed ones may exist by now."""


class Forbidden(ClusterError):
    """The user lacks the permission."""


class Conflict(ClusterError):
    """The object already exists."""


NO_KATIB = "has no Katib: it does not know kubeflow.org/v1beta1"


@contextmanager
def explained(host: str, what: str, *, absent: str = NO_KATIB) -> Iterator[None]:
    """Converts the client's exceptions during `what` ("create Experiment a/b") to a ClusterError.

    `absent` says what the cluster lacks where it does not know the kind of the object.
    """
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise _explained(error.status, _message(error.body), str(error.reason), host, what, absent) from error
    except json.JSONDecodeError as error:
        raise Unreachable(f"{host}: the connection broke in the middle of an answer") from error
    except (HTTPError, OSError) as error:
        raise Unreachable(f"{host}: cannot be reached: {_cause(error)}") from error


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Returns the answer of a request, which is repeated for a minute while the cluster cannot be reached.

    Raises:
        ClusterError: it cannot be reached for longer, or refuses.
    """
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.1
    while True:
        try:
            return ask()
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(5.0, pause * 2)


# pylint: disable-next=too-many-arguments,too-many-positional-arguments  # what is known of one answer
def _explained(status: int, said: str, reason: str, host: str, what: str, absent: str) -> ClusterError:
    message = said or " ".join(reason.split())
    denied = _DENIED.search(message)
    if denied:
        return ClusterError(f"Katib refuses to {what}: {denied['why']}")
    if status == 401:
        return Unauthenticated(f"{host}: rejects the credentials (401); have those of the kubeconfig expired?")
    if status == 403:
        return Forbidden(f"{host}: may not {what}: {message}")
    if status == 404 and not said:
        return ClusterError(f"{host}: {absent}")
    if status == 404:
        return Missing(f"{host}: cannot {what}: {message}")
    if status == _GONE:
        return Expired(f"{host}: {message}")
    if status == 409:
        return Conflict(f"{host}: cannot {what}: {message}")
    if status in _AGAIN:
        return Unreachable(f"{host}: cannot {what} just now: {message} ({status})")
    return ClusterError(f"{host}: cannot {what}: {message} ({status})")


def _message(body: object) -> str:
    """Returns the message of a Status in one line; "" if the body is no Status."""
    try:
        status = json.loads(body) if isinstance(body, (str, bytes)) else {}
    except json.JSONDecodeError:
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return " ".join(str(message).split()) if message else ""


def _cause(error: BaseException) -> str:
    """Returns the innermost reason of a failed request, without the client's object addresses."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _cause(reason)
    text = " ".join(str(error).split())
    return re.sub(r"^<?[\w.]+(\([^)]*\))?( object at 0x[0-9a-f]+>)?: ", "", text)
