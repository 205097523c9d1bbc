"""Converts failed calls to Kubeflow Pipelines to one-line errors, and classifies which may be retried."""

import json

import kfp_server_api
import urllib3

from morphogenetic_engine.errors import StoreError

_BUSY = frozenset({408, 429, 502, 503, 504})
_FOR_GOOD = "InvalidInputError"
"""Marks the message of a 500 that is a refusal."""
_NOT_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


class ServerFailed(StoreError):
    """The server failed (500), permanently or temporarily; it may have executed the request."""


class ServerBusy(StoreError):
    """The server did not answer, or is temporarily unavailable: a retry may succeed."""

    def __init__(self, message: str, *, nothing_done: bool = False) -> None:
        super().__init__(message)
        self.nothing_done = nothing_done
        """True if the request did not reach the server."""


class AlreadyThere(StoreError):
    """The object already exists."""


def refusal(where: str, what: str, error: kfp_server_api.ApiException) -> StoreError:
    """Converts an error response of the server."""
    said = _message(error)
    status = error.status or 500
    if status == 401:
        return StoreError(
            f"{where}: rejects the credentials (401): give a token in KFP_TOKEN or cookies in KFP_COOKIES"
        )
    if status == 403:
        return StoreError(f"{where}: {what}: forbidden (403){said}")
    if status in _BUSY:
        return ServerBusy(f"{where}: {what}: the server failed ({status}){said}", nothing_done=status == 429)
    if status >= 500 and _FOR_GOOD not in said:
        return ServerFailed(f"{where}: {what}: the server failed ({error.status or error.reason}){said}")
    kind = AlreadyThere if status == 409 else StoreError
    return kind(f"{where}: {what}: refused ({status}){said}")


def unreachable(where: str, error: urllib3.exceptions.HTTPError) -> ServerBusy:
    """Converts a failed or broken connection."""
    reason = getattr(error, "reason", None) or error
    line = f"{where}: cannot be reached: {str(reason).rsplit(': ', maxsplit=1)[-1]}"
    return ServerBusy(line, nothing_done=isinstance(reason, _NOT_CONNECTED))


def _message(error: kfp_server_api.ApiException) -> str:
    """Returns the server's message if it has the server's usual form: its last part, which states the problem."""
    try:
        answer = json.loads(error.body or "")
    except (json.JSONDecodeError, TypeError):
        return ""
    said = answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
    return f": {' '.join(str(said).split())[:300]}" if said else ""
