"""The part of the API of Kubeflow Pipelines that is used, over real HTTP: experiments, runs and recurring runs.

Runs go through the states that a test gives them, one for each look. What a test plans to go wrong goes wrong.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

API = "/apis/v2beta1"


@dataclass
class Failure:
    """An answer to the next call whose method and path begin so; `after`: the call does its work first."""

    call: str
    status: int
    message: str = ""
    after: bool = False


@dataclass
class StubServer:
    """What the server has, and what was asked of it."""

    url: str = ""
    experiments: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    recurring: list[dict[str, Any]] = field(default_factory=list)
    story: list[dict[str, Any]] = field(default_factory=lambda: [{"state": "SUCCEEDED"}])
    """What each look at a run adds to it; the last stays."""
    failures: list[Failure] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def count(self, call: str) -> int:
        return sum(each.startswith(call) for each in self.calls)

    def app(self) -> Starlette:
        routes = [
            Route(f"{API}/healthz", _healthz),
            Route(f"{API}/experiments", self._list_experiments),
            Route(f"{API}/experiments", self._make_experiment, methods=["POST"]),
            Route(f"{API}/runs", self._list_runs),
            Route(f"{API}/runs", self._make_run, methods=["POST"]),
            Route(f"{API}/runs/{{id}}", self._run),
            Route(f"{API}/runs/{{id}}:terminate", self._terminate, methods=["POST"]),
            Route(f"{API}/recurringruns", self._list_recurring),
            Route(f"{API}/recurringruns", self._make_recurring, methods=["POST"]),
            Route(f"{API}/recurringruns/{{id}}", self._delete_recurring, methods=["DELETE"]),
        ]
        app = Starlette(routes=routes)
        app.add_middleware(BaseHTTPMiddleware, dispatch=self._watch)
        return app

    async def _watch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        call = f"{request.method} {request.url.path.removeprefix(API)}"
        self.calls.append(call)
        self.headers.append(dict(request.headers))
        failure = next((each for each in self.failures if call.startswith(each.call)), None)
        if failure is None:
            return await call_next(request)
        self.failures.remove(failure)
        if failure.after:
            await call_next(request)
        return JSONResponse({"message": failure.message, "code": 13}, failure.status)

    async def _list_experiments(self, request: Request) -> Response:
        return JSONResponse({"experiments": _matching(self.experiments, request)})

    async def _make_experiment(self, request: Request) -> Response:
        made = {**await request.json(), "experiment_id": f"experiment-{len(self.experiments)}"}
        self.experiments.append(made)
        return JSONResponse(made)

    async def _list_runs(self, request: Request) -> Response:
        found = [
            run for run in _matching(self.runs, request) if run["experiment_id"] == _asked(request, "experiment_id")
        ]
        first = int(_asked(request, "page_token") or 0)
        page = list(reversed(found))[first : first + 2]
        following = {"next_page_token": str(first + 2)} if first + 2 < len(found) else {}
        return JSONResponse({"runs": page, **following})

    async def _make_run(self, request: Request) -> Response:
        made = {**await request.json(), "run_id": f"run-{len(self.runs)}", "state": "PENDING", "looks": 0}
        self.runs.append(made)
        return JSONResponse(made)

    async def _run(self, request: Request) -> Response:
        run = next((each for each in self.runs if each["run_id"] == request.path_params["id"]), None)
        if run is None:
            return JSONResponse({"message": "Run not found", "code": 5}, 404)
        run.update(self.story[min(run["looks"], len(self.story) - 1)])
        run["looks"] += 1
        return JSONResponse(run)

    async def _terminate(self, request: Request) -> Response:
        self.story = [{"state": "CANCELING"}, {"state": "CANCELED"}]
        return JSONResponse({"run": request.path_params["id"]})

    async def _list_recurring(self, request: Request) -> Response:
        return JSONResponse({"recurringRuns": _matching(self.recurring, request)})

    async def _make_recurring(self, request: Request) -> Response:
        made = {**await request.json(), "recurring_run_id": f"recurring-{time.monotonic_ns()}"}
        self.recurring.append(made)
        return JSONResponse(made)

    async def _delete_recurring(self, request: Request) -> Response:
        gone = request.path_params["id"]
        self.recurring = [each for each in self.recurring if each["recurring_run_id"] != gone]
        return JSONResponse({})


@contextmanager
def serving(stub: StubServer, *, port: int = 0) -> Iterator[StubServer]:
    """Serve on a port of this machine, a free one by default, until the block ends."""
    listener = socket.create_server(("127.0.0.1", port))
    stub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(stub.app(), log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"multi_user": False})


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _matching(things: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Return the things whose display name the filter asks for, as a filter in the query says."""
    predicates = json.loads(_asked(request, "filter") or "{}").get("predicates", [])
    for each in predicates:
        assert (each["operation"], each["key"]) == ("EQUALS", "display_name")
        things = [thing for thing in things if thing["display_name"] == each["stringValue"]]
    return things
