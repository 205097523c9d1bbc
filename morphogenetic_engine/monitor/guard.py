"""Checks every request: rejects foreign hosts, foreign origins and missing tokens, and sets security headers."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from morphogenetic_engine.monitor.access import Access, is_own_origin

OPEN_PATHS = ("/login", "/static/")
"""The paths that need no token: the login form and its style."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware around the monitor's application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await refusal(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or not self._access.is_known_host(headers["host"]):
            return PlainTextResponse("unknown host\n", HTTPStatus.MISDIRECTED_REQUEST)
        if not is_own_origin(headers):
            return PlainTextResponse("another page may not ask this\n", HTTPStatus.FORBIDDEN)
        if not scope["path"].startswith(OPEN_PATHS) and not self._access.may_look(headers):
            if scope["path"] == "/":
                return RedirectResponse("login", HTTPStatus.SEE_OTHER)  # browsers keep the fragment after #
            return PlainTextResponse("the token is missing\n", HTTPStatus.UNAUTHORIZED)
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sending
