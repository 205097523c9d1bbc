"""The gRPC server of the suggestion service, with the health service that Katib's probes ask."""

# pylint: disable=no-member  # of the messages of the health service, which are made at import
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NoReturn

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from pydantic import ValidationError

from morphogenetic_engine.backends.katib.service import katib_messages
from morphogenetic_engine.backends.katib.service.awaited_trials import AwaitedTrials
from morphogenetic_engine.backends.katib.service.request import Refusal, Request
from morphogenetic_engine.backends.katib.service.settings_check import check_settings
from morphogenetic_engine.backends.katib.service.suggested_trials import suggestions
from morphogenetic_engine.errors import ClusterError

HEALTH_NAME = "manager.v1beta1.Suggestion"
"""The name that the probes of Katib's Deployments ask for."""
PORT = 6789
LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes; the default of gRPC is 4 MB."""
_THREADS = 4

_log = logging.getLogger(__name__)
_Handler = Callable[[Message, grpc.ServicerContext], Message]


class SuggestionServer:
    """The service of one namespace; it holds no state, so any number of them give the same answers."""

    def __init__(
        self, namespace: str, *, host: str = "127.0.0.1", port: int = PORT, awaited: AwaitedTrials | None = None
    ) -> None:
        """Takes the port, 0 is a free one; answers begin with `start`.

        `awaited` looks after the trials that are waited for; None: Katib asks again after its own pauses.

        Raises:
            ClusterError: the port is taken.
        """
        self._namespace = namespace
        self._awaited = awaited
        self._one_at_a_time = threading.Lock()
        options = [("grpc.max_receive_message_length", LARGEST_REQUEST), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_generic_rpc_handlers([_handlers(self._suggest, self._validate)])
        try:
            self.port = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise ClusterError(f"{host}:{port}: the service cannot listen here; the port may be taken") from error

    def start(self) -> None:
        """Begins to answer."""
        self._server.start()
        if self._awaited is not None:
            self._awaited.start()
        for name in ("", HEALTH_NAME):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def stop(self, grace: float) -> None:
        """Takes no further call, and returns when those that run are answered, or after `grace` seconds."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()
        if self._awaited is not None:
            self._awaited.stop()

    def _suggest(self, message: Message, context: grpc.ServicerContext) -> Message:
        request = _read(message, context)
        with self._one_at_a_time:
            answer = suggestions(request, self._namespace)
        if isinstance(answer, Refusal):
            _refuse(context, self._looked_after(request.experiment.name, answer), request)
        if self._awaited is not None:
            self._awaited.answered(request.experiment.name)
        _log.info("%s: %s", request.experiment.name, ", ".join(each.name for each in answer.trials))
        return katib_messages.of_json("GetSuggestionsReply", answer.message)

    def _looked_after(self, experiment: str, refusal: Refusal) -> Refusal:
        """Has the trial looked after that a refusal waits for, and returns the refusal with what is known of it."""
        if self._awaited is None or not refusal.awaited or not self._awaited.wait_for(experiment, refusal.awaited):
            return refusal
        waits = refusal.text.split(",", maxsplit=1)[0]
        told = f"{waits}, whose metrics are unavailable: kubectl delete trial {refusal.awaited} runs it again"
        return replace(refusal, text=told)

    def _validate(self, message: Message, context: grpc.ServicerContext) -> Message:
        request = _read(message, context)
        with self._one_at_a_time:
            refusal = check_settings(request.experiment)
        if refusal is not None:
            _refuse(context, refusal, request)
        return katib_messages.of_json("ValidateAlgorithmSettingsReply", {})


# pylint: disable-next=inconsistent-return-statements  # abort raises
def _read(message: Message, context: grpc.ServicerContext) -> Request:
    try:
        return Request.model_validate(katib_messages.to_json(message))
    except ValidationError as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request has an unknown value: {error.errors()[0]['msg']}")


def _refuse(context: grpc.ServicerContext, refusal: Refusal, request: Request) -> NoReturn:
    _log.info("%s: %s: %s", request.experiment.name, refusal.code, refusal.text)
    context.abort(grpc.StatusCode[refusal.code.value], refusal.text)


def _handlers(suggest: _Handler, validate: _Handler) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(
        katib_messages.SERVICE,
        {
            "GetSuggestions": _unary(suggest, "GetSuggestionsRequest"),
            "ValidateAlgorithmSettings": _unary(validate, "ValidateAlgorithmSettingsRequest"),
        },
    )


def _unary(handler: _Handler, request: str) -> grpc.RpcMethodHandler[Message, Message]:
    return grpc.unary_unary_rpc_method_handler(
        handler,
        request_deserializer=katib_messages.message_class(request).FromString,
        response_serializer=katib_messages.to_bytes,
    )
