"""The part of the Kubernetes API that sweeps use, over real HTTP: objects, lists, watches, and every refusal.

The server of a FakeKubernetes can be stopped and started again on the same port.
"""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.backends.katib.client.cluster.fake_kubernetes import TOKEN, FakeKubernetes, Manifest, labels_of
from tests.waiting import DEADLINE_SECONDS

GROUP_PATH = "/apis/kubeflow.org/v1beta1/namespaces/{namespace}/{plural}"


class KubernetesServer:
    """Serves a FakeKubernetes on a port of this machine."""

    def __init__(self, cluster: FakeKubernetes) -> None:
        self.cluster = cluster
        self.port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serves; on the port of the last time, if there was one."""
        self.cluster.cut.clear()
        config = uvicorn.Config(
            _application(self.cluster), host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self._server.started:
            assert time.monotonic() < deadline and self._thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Closes every connection and stops listening."""
        assert self._server is not None and self._thread is not None
        self.cluster.cut.set()
        self._server.should_exit = True
        self._thread.join(DEADLINE_SECONDS)

    def kubeconfig(self, path: Path, *, namespace: str | None = "ml", token: str = TOKEN) -> Path:
        """Writes a kubeconfig that leads here."""
        context = {"cluster": "test", "user": "test", **({"namespace": namespace} if namespace else {})}
        written = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "test", "cluster": {"server": self.url}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "here", "context": context}],
        }
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        return path


@contextmanager
def running_server(cluster: FakeKubernetes) -> Iterator[KubernetesServer]:
    """Serves for a while."""
    server = KubernetesServer(cluster)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _application(cluster: FakeKubernetes) -> Starlette:
    answers = _Answers(cluster)
    definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    return Starlette(
        routes=[
            Route(definition, answers.definition),
            Route("/api/v1/namespaces/{name}", answers.namespace),
            Route("/api/v1/namespaces/{namespace}/{plural}", answers.collection, methods=["POST"]),
            Route("/api/v1/namespaces/{namespace}/{plural}", answers.core),
            Route("/api/v1/namespaces/{namespace}/{plural}/{name}", answers.core_item),
            Route("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/{plural}/{name}", answers.core_item),
            Route("/apis/resource.k8s.io/v1/namespaces/{namespace}/{plural}", answers.claims, methods=["POST"]),
            Route("/apis/batch/v1/namespaces/{namespace}/{plural}", answers.collection, methods=["GET", "POST"]),
            Route("/apis/batch/v1/namespaces/{namespace}/{plural}/{name}", answers.item, methods=["GET", "DELETE"]),
            Route(GROUP_PATH, answers.collection, methods=["GET", "POST"]),
            Route(GROUP_PATH + "/{name}", answers.item, methods=["GET", "DELETE"]),
        ]
    )


class _Answers:
    def __init__(self, cluster: FakeKubernetes) -> None:
        self._cluster = cluster

    async def definition(self, request: Request) -> Response:
        refused = self._refused(request, "get", "customresourcedefinitions")
        if refused is not None:
            return refused
        name = request.path_params["name"]
        if not self._cluster.has_katib:
            return status(404, "NotFound", f'customresourcedefinitions.apiextensions.k8s.io "{name}" not found')
        names = {"kind": "Experiment", "plural": "experiments"}
        spec = {"group": "kubeflow.org", "names": names, "scope": "Namespaced", "versions": []}
        return JSONResponse({"metadata": {"name": name}, "spec": spec, "status": {}})

    async def namespace(self, request: Request) -> Response:
        refused = self._refused(request, "get", "namespaces")
        if refused is not None:
            return refused
        name = request.path_params["name"]
        if name not in self._cluster.namespaces:
            return status(404, "NotFound", f'namespaces "{name}" not found')
        return JSONResponse({"kind": "Namespace", "metadata": {"name": name, "labels": self._cluster.namespaces[name]}})

    async def core(self, request: Request) -> Response:
        plural = request.path_params["plural"]
        refused = self._refused(request, "list", plural)
        if refused is not None:
            return refused
        return self._list(request, plural, request.path_params["namespace"])

    async def core_item(self, request: Request) -> Response:
        plural, namespace, name = (request.path_params[key] for key in ("plural", "namespace", "name"))
        refused = self._refused(request, "get", plural)
        if refused is not None:
            return refused
        if (plural, namespace, name) not in self._cluster.objects:
            return status(404, "NotFound", f'{plural} "{name}" not found')
        return JSONResponse(self._cluster.get(plural, namespace, name))

    async def claims(self, request: Request) -> Response:
        if not self._cluster.has_claims:
            return PlainTextResponse("404 page not found", 404)
        return self._refused(request, "create", "resourceclaims") or await self._create(request, "resourceclaims")

    async def collection(self, request: Request) -> Response:
        plural, namespace = request.path_params["plural"], request.path_params["namespace"]
        verb = "create" if request.method == "POST" else "watch" if "watch" in request.query_params else "list"
        refused = self._refused(request, verb, plural)
        if refused is not None:
            return refused
        if verb == "watch":
            return self._watch(request, plural, namespace)
        return self._list(request, plural, namespace) if verb == "list" else await self._create(request, plural)

    async def item(self, request: Request) -> Response:
        plural, namespace, name = (request.path_params[key] for key in ("plural", "namespace", "name"))
        refused = self._refused(request, "delete" if request.method == "DELETE" else "get", plural)
        if refused is not None:
            return refused
        with self._cluster.lock:
            if (plural, namespace, name) not in self._cluster.objects:
                return status(404, "NotFound", f'{plural}.kubeflow.org "{name}" not found')
            if request.method == "DELETE":
                self._cluster.remove(plural, namespace, name)
                return status(200, "", "", "Success")
            return JSONResponse(self._cluster.get(plural, namespace, name))

    def _refused(self, request: Request, verb: str, plural: str) -> Response | None:
        self._cluster.requests.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != f"Bearer {self._cluster.token}":
            return status(401, "Unauthorized", "Unauthorized")
        self._cluster.asked.add((verb, plural))
        allowed = self._cluster.allowed
        if (verb, plural) in self._cluster.forbidden or (allowed is not None and (verb, plural) not in allowed):
            said = f'{plural}.kubeflow.org is forbidden: User "test" cannot {verb} resource "{plural}"'
            return status(403, "Forbidden", said)
        if plural in {"experiments", "suggestions", "trials"}:
            if not self._cluster.has_katib:
                return PlainTextResponse("404 page not found\n", 404)
            if self._cluster.failures:
                seconds = self._cluster.retry_after
                busy = status(self._cluster.failures.pop(0), "ServiceUnavailable", "the server is busy")
                busy.headers.update({} if seconds is None else {"Retry-After": str(seconds)})
                return busy
        return None

    async def _create(self, request: Request, plural: str) -> Response:
        manifest, namespace = await request.json(), request.path_params["namespace"]
        name = manifest["metadata"]["name"]
        with self._cluster.lock:
            if (plural, namespace, name) in self._cluster.objects:
                return status(409, "AlreadyExists", f'{plural}.kubeflow.org "{name}" already exists')
            if self._cluster.denial is not None:
                webhook = "validator.experiment.katib.kubeflow.org"
                return status(400, "", f'admission webhook "{webhook}" denied the request: {self._cluster.denial}')
            return JSONResponse(self._cluster.put(plural, namespace, manifest), 201)

    def _list(self, request: Request, plural: str, namespace: str) -> Response:
        wanted, fields = _selector(request), _selector(request, "fieldSelector")
        with self._cluster.lock:
            found = [
                copy.deepcopy(manifest)
                for (kind, place, _), manifest in sorted(self._cluster.objects.items())
                if (kind, place) == (plural, namespace) and _selected(wanted, labels_of(manifest))
                if all(_field(manifest, path) == value for path, value in fields.items())
            ]
            begin = int(request.query_params.get("continue") or 0)
            if begin and self._cluster.late_pages:
                self._cluster.late_pages -= 1
                return status(410, "Expired", "The provided continue parameter is too old")
            limit = min(self._cluster.page, int(request.query_params.get("limit", len(found) or 1)))
            metadata = {"resourceVersion": str(self._cluster.version)}
            if begin + limit < len(found):
                metadata["continue"] = str(begin + limit)
            return JSONResponse({"kind": "List", "metadata": metadata, "items": found[begin : begin + limit]})

    def _watch(self, request: Request, plural: str, namespace: str) -> Response:
        version = int(request.query_params["resourceVersion"])
        seconds = float(request.query_params.get("timeoutSeconds", 60))
        if self._cluster.deaf:
            return StreamingResponse(iter(()))
        if version < self._cluster.forgotten:
            gone = {
                "kind": "Status",
                "code": 410,
                "reason": "Expired",
                "message": f"too old resource version: {version}",
            }
            return StreamingResponse(iter([json.dumps({"type": "ERROR", "object": gone}) + "\n"]))
        return StreamingResponse(self._happening(plural, namespace, _selector(request), version, seconds))

    async def _happening(
        self, plural: str, namespace: str, wanted: dict[str, str | None], version: int, seconds: float
    ) -> AsyncIterator[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._cluster.cut.is_set():
                yield '{"type": "MODI'
                return
            if version < self._cluster.forgotten:
                gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
                yield json.dumps({"type": "ERROR", "object": gone}) + "\n"
                return
            with self._cluster.lock:
                news = [change for change in self._cluster.changes if change.version > version]
            for change in news:
                version = change.version
                metadata = change.manifest["metadata"]
                assert isinstance(metadata, dict)
                ours = change.plural == plural and metadata["namespace"] == namespace
                if ours and _selected(wanted, labels_of(change.manifest)):
                    yield json.dumps({"type": change.kind, "object": change.manifest}) + "\n"
            await asyncio.sleep(0.01)
        bookmark = {"metadata": {"resourceVersion": str(version)}}
        yield json.dumps({"type": "BOOKMARK", "object": bookmark}) + "\n"


def status(code: int, reason: str, message: str, kind: str = "Failure") -> JSONResponse:
    """Returns a Status, which is how the API answers what is no object."""
    body = {"kind": "Status", "apiVersion": "v1", "status": kind, "message": message, "reason": reason, "code": code}
    return JSONResponse(body, code)


def _selector(request: Request, kind: str = "labelSelector") -> dict[str, str | None]:
    written = request.query_params.get(kind, "")
    parts = (part.partition("=") for part in written.split(",") if part)
    return {key: value if equals else None for key, equals, value in parts}


def _selected(wanted: Mapping[str, str | None], found: Mapping[str, str]) -> bool:
    """Returns whether labels have the wanted values; None: any value."""
    return all(key in found and value in (None, found[key]) for key, value in wanted.items())


def _field(manifest: Manifest, path: str) -> object:
    """Returns a field by its path, as field selectors name it."""
    found: object = manifest
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
