"""The part of the API of Kubeflow Pipelines that is used, over real HTTP: experiments, runs and recurring runs.

Runs go through the states that a test gives them, one for each look. What a test plans to go wrong goes wrong.
"""

from __future__ import annotations

import asyncio
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
    """The state of the server, and the requests that it had."""

    url: str = ""
    experiments: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    recurring: list[dict[str, Any]] = field(default_factory=list)
    story: list[dict[str, Any]] = field(default_factory=lambda: [{"state": "SUCCEEDED"}])
    """The states of a run, one for each time that it is read; the last stays."""
    stories: list[list[dict[str, Any]]] = field(default_factory=list)
    """Of the runs that will be made; `story` where there are no more."""
    run_ids: list[str] = field(default_factory=list)
    """Of the runs that will be made; run-0 and so on where there are no more."""
    barrier: threading.Barrier | None = None
    """The barrier at which starts wait for one another."""
    failures: list[Failure] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    """Of pods, by the address that has them; a page is sent as one."""
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
        app = Starlette(
            routes=[*routes, Route("/k8s/pod/logs", self._log), Route("/apis/v1alpha1/{rest:path}", self._log)]
        )
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
        asked = await request.json()
        if any(each["display_name"] == asked["display_name"] for each in self.experiments):
            return JSONResponse({"code": 6, "message": f"The name {asked['display_name']} already exist"}, 409)
        made = {**asked, "experiment_id": f"experiment-{len(self.experiments)}"}
        self.experiments.append(made)
        return JSONResponse(made)

    async def _list_runs(self, request: Request) -> Response:
        found = [
            run for run in _matching(self.runs, request) if run["experiment_id"] == _asked(request, "experiment_id")
        ]
        first = int(_asked(request, "page_token") or 0)
        page = list(reversed(found))[first : first + 2]
        following = {"next_page_token": str(first + 2)} if first + 2 < len(found) else {}
        return JSONResponse({"runs": page, **following} if found else {})

    async def _make_run(self, request: Request) -> Response:
        if self.barrier is not None:
            await asyncio.to_thread(self.barrier.wait)
        asked = await request.json()
        name = self.run_ids.pop(0) if self.run_ids else f"run-{len(self.runs)}"
        given = {"run_id": name, "state": "PENDING", "created_at": _now(), "finished_at": NEVER, "looks": 0}
        made = {**asked, **given, **({"story": self.stories.pop(0)} if self.stories else {})}
        self.runs.append(made)
        return JSONResponse(made)

    async def _run(self, request: Request) -> Response:
        run = next((each for each in self.runs if each["run_id"] == request.path_params["id"]), None)
        if run is None:
            return JSONResponse(_not_found(request.path_params["id"]), 404)
        story = run.get("story", self.story)
        run.update(story[min(run["looks"], len(story) - 1)])
        run["looks"] += 1
        return JSONResponse(run)

    async def _terminate(self, request: Request) -> Response:
        """Ends a run as a real server does: it is CANCELING until its exit task is done, and then FAILED."""
        for run in self.runs:
            if run["run_id"] == request.path_params["id"]:
                history = [{"state": "PENDING"}, {"state": "CANCELING"}]
                run["story"] = [{"state": "CANCELING", "state_history": history}, {"state": "FAILED"}]
                run.update(looks=0, state="CANCELING")
        return JSONResponse({})

    async def _log(self, request: Request) -> Response:
        """Answers as the servers of the pages and of the API do: with a log, or with their words for having none."""
        asked = request.url.path.removeprefix("/") + (f"?{request.url.query}" if request.url.query else "")
        log = self.logs.get(asked)
        if log is None:
            return Response("Could not get main container logs", 500)
        return Response(log, media_type="text/html" if log.startswith("<") else None)

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
    """Serves on a port of this machine, a free one by default, until the block ends."""
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


NEVER = "1970-01-01T00:00:00Z"
"""The time at which a run that goes on has finished."""


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _not_found(run_id: str) -> dict[str, object]:
    """Returns the answer for a run that is not there, as errors.jsonl has it."""
    said = f"Run {run_id} not found"
    message = f"Failed to get a run: Failed to fetch run {run_id}: ResourceNotFoundError: {said}"
    return {"code": 5, "message": message, "details": [{"code": 5, "message": said}]}


async def _healthz(_request: Request) -> Response:
    return JSONResponse(
        {"commit_sha": "020857a43a", "tag_name": "2.17.0", "multi_user": False, "pipeline_store": "database"}
    )


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _matching(things: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Returns the things whose display name the filter asks for, as a filter in the query says."""
    predicates = json.loads(_asked(request, "filter") or "{}").get("predicates", [])
    for each in predicates:
        assert (each["operation"], each["key"]) == ("EQUALS", "display_name")
        things = [thing for thing in things if thing["display_name"] == each["stringValue"]]
    return things
