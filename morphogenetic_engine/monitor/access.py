"""Access rules of the monitor: allowed host names, the origin of requests, and the token.

The rules protect against attacks through the viewer's browser: requests from a foreign page (detected by the Origin
header), and DNS rebinding, a foreign name that resolves to this machine (detected by the Host header).
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from morphogenetic_engine.errors import ConfigError

TOKEN_VARIABLE = "MORPHOGENETIC_MONITOR_TOKEN"
TOKEN_HEADER = "X-Monitor-Token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]+))(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class Access:
    """The access rules of one monitor."""

    token: str
    """A secret. Stopping the sweep always requires it, viewing only where `guarded`."""
    guarded: bool
    hosts: frozenset[str]
    """Host names that are allowed in addition to addresses, in lower case."""
    cookie: str
    """The name of the cookie that keeps the token after a viewer has entered it."""

    def is_known_host(self, host: str) -> bool:
        """Returns True for an allowed Host header: an address (safe from DNS rebinding) or an allowed name."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found["six"] or found["name"]).lower().rstrip(".")
        return name in self.hosts or _is_address(name)

    def may_look(self, headers: Mapping[str, str]) -> bool:
        """Returns True if a request may view the sweep."""
        return not self.guarded or any(self.is_token(given) for given in self._given(headers))

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _given(self, headers: Mapping[str, str]) -> Iterable[str]:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            cookie = None
        if cookie is not None:
            yield cookie.value
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            yield credentials.strip()


def is_own_origin(headers: Mapping[str, str]) -> bool:
    """Returns True if a request comes from the monitor's page, or from a program that sends no origin."""
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False  # it is no address


def access_of(host: str, port: int, *, allowed: Iterable[str] = (), token: str | None = None) -> Access:
    """Returns the rules for a monitor that listens at an address; `allowed` are further names of it, as of a proxy.

    A token that the user chose is always required; a generated one only if other machines can reach the address.

    Raises:
        ConfigError: the token is too short, or has characters other than letters, digits, '-' and '_'.
    """
    if token is not None and _TOKEN.fullmatch(token) is None:
        raise ConfigError(f"{TOKEN_VARIABLE}: must be 20 to 200 letters, digits, '-' and '_'")
    names = {"localhost", *allowed}
    if not is_loopback(host):
        names |= {socket.gethostname(), socket.getfqdn()}
    return Access(
        token=token or secrets.token_urlsafe(32),
        guarded=token is not None or not is_loopback(host),
        hosts=frozenset(name.lower() for name in names),
        cookie=f"morphogenetic_monitor_{port}",
    )


def chosen_token() -> str | None:
    """Returns the token that the user chose in the environment."""
    return os.environ.get(TOKEN_VARIABLE) or None


def is_loopback(host: str) -> bool:
    """Returns True for an address that only this machine can reach."""
    return ipaddress.ip_address(host).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
