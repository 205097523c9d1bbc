"""What goes wrong in a call to Kubeflow Pipelines, as one line, and whether the same call may be tried again."""

import json

import kfp_server_api
import urllib3

from morphogenetic_engine.errors import StoreError

_BUSY = frozenset({408, 429, 502, 503, 504})
_FOR_GOOD = "InvalidInputError"
"""In the message of a 500 that is a refusal."""
_NOT_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


class ServerFailed(StoreError):
    """The server says that it failed (500): for good, or for a moment; it may have done what it was asked for."""


class ServerBusy(StoreError):
    """The server did not answer, or said that it cannot now: the same call may well succeed later."""

    def __init__(self, message: str, *, nothing_done: bool = False) -> None:
        super().__init__(message)
        self.nothing_done = nothing_done
        """Whether the call never reached it."""


class AlreadyThere(StoreError):
    """The object already exists."""


def refusal(where: str, what: str, error: kfp_server_api.ApiException) -> StoreError:
    """Return what an answer of the server means."""
    said = _message(error)
    status = error.status or 500
    if status == 401:
        return StoreError(f"{where}: does not know you (401): give a token in KFP_TOKEN or cookies in KFP_COOKIES")
    if status == 403:
        return StoreError(f"{where}: {what}: forbidden (403){said}")
    if status in _BUSY:
        return ServerBusy(f"{where}: {what}: the server failed ({status}){said}", nothing_done=status == 429)
    if status >= 500 and _FOR_GOOD not in said:
        return ServerFailed(f"{where}: {what}: the server failed ({error.status or error.reason}){said}")
    kind = AlreadyThere if status == 409 else StoreError
    return kind(f"{where}: {what}: refused ({status}){said}")


def unreachable(where: str, error: urllib3.exceptions.HTTPError) -> ServerBusy:
    """Return what a connection that failed or broke means."""
    reason = getattr(error, "reason", None) or error
    line = f"{where}: cannot be reached: {str(reason).rsplit(': ', maxsplit=1)[-1]}"
    return ServerBusy(line, nothing_done=isinstance(reason, _NOT_CONNECTED))


def _message(error: kfp_server_api.ApiException) -> str:
    """Return what the server said, if it said it in its own form: the last part says what is wrong."""
    try:
        answer = json.loads(error.body or "")
    except (json.JSONDecodeError, TypeError):
        return ""
    said = answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
    return f": {' '.join(str(said).split())[:300]}" if said else ""
