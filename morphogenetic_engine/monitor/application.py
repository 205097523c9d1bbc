"""The HTTP and WebSocket interface of the monitor: the page, the events, one trial, and stopping the sweep."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from html import escape
from http import HTTPStatus
from importlib.resources import files

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.monitor.access import TOKEN_HEADER, Access
from morphogenetic_engine.monitor.details import details, read_trial
from morphogenetic_engine.monitor.feed import Feed, Position
from morphogenetic_engine.monitor.guard import Guard

OVER = 4000
"""The WebSocket's status when the sweep that this monitor was started with has ended."""
_LONGEST_NUMBER = 20
_PAGE = files(__package__) / "page"


def application(feed: Feed, access: Access) -> Starlette:
    """Builds the ASGI application for one sweep; the caller runs the feed."""
    page = _Page(feed, access)
    return Starlette(
        routes=[
            Route("/", page.index),
            Route("/login", _login_form, methods=["GET"]),
            Route("/login", page.login, methods=["POST"]),
            Route("/trials/{number}", page.trial),
            Route("/stop", page.stop, methods=["POST"]),
            WebSocketRoute("/events", page.events),
            Mount("/static", StaticFiles(packages=[(str(__package__), "page/static")])),
        ],
        middleware=[Middleware(Guard, access=access)],
    )


class _Page:
    """The request handlers."""

    def __init__(self, feed: Feed, access: Access) -> None:
        self._feed = feed
        self._access = access

    async def index(self, _request: Request) -> Response:
        html = (_PAGE / "index.html").read_text(encoding="utf-8")
        return HTMLResponse(html.replace("{token}", escape(self._access.token)))

    async def login(self, request: Request) -> Response:
        """Sets the token's cookie for a viewer who entered the token; the page's requests and its WebSocket send it."""
        if not self._knows_token(request):
            return _answer(HTTPStatus.FORBIDDEN, "this is not the token")
        response = _answer(HTTPStatus.OK, "")
        response.set_cookie(self._access.cookie, self._access.token, httponly=True, samesite="strict")
        return response

    async def trial(self, request: Request) -> Response:
        """Returns everything that the journal records about one trial."""
        given = str(request.path_params["number"])
        if not (given.isascii() and given.isdigit() and len(given) < _LONGEST_NUMBER):
            return _answer(HTTPStatus.NOT_FOUND, "a trial's number is a whole number")
        number = int(given)
        spans = tuple(self._feed.view.spans(number))
        if not spans:
            return _answer(HTTPStatus.NOT_FOUND, f"there is no trial {number} yet")
        try:
            trial = await asyncio.to_thread(read_trial, self._feed.folder.journal, number, spans)
        except MorphogeneticError as error:
            return _answer(HTTPStatus.CONFLICT, str(error))
        return Response(orjson.dumps(details(trial), option=orjson.OPT_NON_STR_KEYS), media_type="application/json")

    async def stop(self, request: Request) -> Response:
        """Asks the process that runs the sweep to stop it."""
        if not self._knows_token(request):
            return _answer(HTTPStatus.FORBIDDEN, "the token of this page is not valid: load it again")
        try:
            await self._feed.stop()
        except MorphogeneticError as error:
            return _answer(HTTPStatus.CONFLICT, str(error))
        return _answer(HTTPStatus.ACCEPTED, "the sweep is asked to stop")

    async def events(self, websocket: WebSocket) -> None:
        """Sends a viewer the changes since its position until it disconnects."""
        await websocket.accept()
        await self._feed.catch_up()
        self._feed.viewers += 1
        leaving = asyncio.create_task(_until_left(websocket))
        sending = asyncio.create_task(self._send(websocket, _position(websocket)))
        try:
            await asyncio.wait([leaving, sending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.viewers -= 1
            leaving.cancel()
            sending.cancel()
        if sending.done() and not sending.cancelled():
            sending.result()

    async def _send(self, websocket: WebSocket, known: Position) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                news = self._feed.news
                message, known = self._feed.next(known)
                await websocket.send_bytes(message)
                if self._feed.over:
                    await websocket.close(OVER)
                    return
                await news.wait()

    def _knows_token(self, request: Request) -> bool:
        return self._access.is_token(request.headers.get(TOKEN_HEADER, ""))


async def _login_form(_request: Request) -> Response:
    return HTMLResponse((_PAGE / "login.html").read_text(encoding="utf-8"))


async def _until_left(websocket: WebSocket) -> None:
    """Waits until a viewer disconnects; its messages are ignored."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _position(websocket: WebSocket) -> Position:
    """Parses the position that a viewer sends; anything but a number means the start."""
    given = websocket.query_params.get("offset", "")
    offset = int(given) if given.isascii() and given.isdigit() and len(given) < _LONGEST_NUMBER else 0
    return Position(websocket.query_params.get("journal", ""), offset)


def _answer(status: HTTPStatus, message: str) -> Response:
    return JSONResponse({"message": message}, status)
