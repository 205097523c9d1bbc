"""Opens the socket at which a monitor listens, before the sweep starts."""

from __future__ import annotations

import os
import socket

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.monitor.access import Access, is_loopback

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8321
_FURTHER_PORTS = 50
_WAITING = 128
"""The backlog: connections that wait to be accepted."""


def listen(host: str = LOOPBACK, port: int | None = None) -> socket.socket:
    """Returns a socket that listens; without a port, at the usual one or the next that is free; 0: at any free one.

    Raises:
        ConfigError: no such host, or the port is taken or not allowed.
    """
    family, address = _resolve(host)
    ports = range(USUAL_PORT, USUAL_PORT + _FURTHER_PORTS) if port is None else [port]
    reason = ""
    for each in ports:
        try:
            return socket.create_server((address, each), family=family, backlog=_WAITING)
        except OSError as error:
            reason = f"--port {each} at {host}: {os.strerror(error.errno or 0)}"
    raise ConfigError(f"{reason}; choose another one, or 0 for any that is free")


def address_of(listener: socket.socket) -> tuple[str, int]:
    """Returns the IP address and the port at which a socket listens."""
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


def link(listener: socket.socket, access: Access) -> str:
    """Returns the address to open in a browser; behind `#`, which browsers keep to themselves, the token if needed."""
    host, port = address_of(listener)
    if host in {"0.0.0.0", "::"}:
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"#token={access.token}" if access.guarded else "")


def is_exposed(listener: socket.socket) -> bool:
    """Returns True if other machines can reach a socket."""
    return not is_loopback(address_of(listener)[0])


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"--host {host}: is not the name or address of this machine") from error
    family, _, _, _, address = found[0]
    return family, str(address[0])
