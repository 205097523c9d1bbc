"""A proxy that breaks connections to a test's server; each request has its own connection, numbered from 0."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum


class Break(Enum):
    """The fate of a request."""

    BEFORE = "the connection breaks before the server has it"
    AFTER = "the server does it, and the answer is lost"
    BUSY = "what stands before the server says 503"
    SILENT = "the server does it, and neither answers nor ends the connection"


@dataclass
class BreakingProxy:
    """Forwards requests, but for those that break."""

    target: int
    """The port of the server."""
    breaks: dict[int, Break] = field(default_factory=dict)
    port: int = 0
    requests: list[str] = field(default_factory=list)
    """The first line of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        """Takes one request."""
        with connection, suppress(OSError):
            request = _whole_message(connection)
            if not request:
                return
            number = len(self.requests)
            self.requests.append(request.split(b"\r\n", 1)[0].decode())
            how = self.breaks.get(number)
            if how is Break.BUSY:
                connection.sendall(
                    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            if how in {Break.BUSY, Break.BEFORE}:
                return
            answer = self._forwarded(request)
            if how is None:
                connection.sendall(answer)
            if how is Break.SILENT:
                connection.recv(1)  # until the client has given up

    def _forwarded(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.target), timeout=60) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            parts = []
            while part := server.recv(65536):
                parts.append(part)
        return b"".join(parts)


@contextmanager
def breaking_proxy(target: int, breaks: dict[int, Break]) -> Iterator[BreakingProxy]:
    """Serves on a free port of this machine until the block ends."""
    proxy = BreakingProxy(target, breaks)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        end = threading.Event()

        def accept() -> None:
            while not end.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                proxy.serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield proxy
        end.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _whole_message(connection: socket.socket) -> bytes:
    """Returns a request with its body; nothing where the client only opened the connection."""
    connection.settimeout(60)
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return b""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body
