"""Addresses of servers and databases, and what of them, and of their errors, may be shown."""

from __future__ import annotations

import os
import re

from morphogenetic_engine.errors import ConfigError

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""An environment variable in an address."""
_PASSWORD = re.compile(r"://[^/@\s]*:[^/\s]*[^/@\s]@|[?&][^=&]*(password|token|secret)[^=&]*=[^&]", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/\s]*@")
_FILES = ("sqlite:", "journal:")
"""Addresses that are paths."""
_LONGEST_REASON = 300
_PHRASES = (
    ("connection refused", "connection refused"),
    ("timed out", "no answer in time"),
    ("timeout", "no answer in time"),
    ("connection aborted", "the connection was cut"),
    ("connection reset", "the connection was cut"),
    ("server closed the connection", "the connection was cut"),
    ("terminating connection", "the connection was cut"),
    ("name resolution", "the host is not known"),
    ("name or service not known", "the host is not known"),
)


def without_credentials(uri: str) -> str:
    """Returns an address that may be written down: no user, no password, no query."""
    if uri.startswith(_FILES) or "://" not in uri:
        return uri
    return re.sub(r"(?<=://).*@", "", uri, flags=re.DOTALL).split("?", maxsplit=1)[0]  # a password may hold a "?"


def has_password(address: str) -> bool:
    """Returns whether an address holds a password itself, rather than the name of a variable that does."""
    return _PASSWORD.search(VARIABLE.sub("", address)) is not None


def with_variables(address: str, where: str) -> str:
    """Returns an address with the values of the environment variables that it names as `${NAME}`.

    The sweep's files hold the name alone.

    Raises:
        ConfigError: a variable is not set.
    """

    def value(found: re.Match[str]) -> str:
        known = os.environ.get(found[1])
        if known is None:
            raise ConfigError(f"{where}: the environment variable {found[1]} is not set")
        return known

    return VARIABLE.sub(value, address)


def redacted(text: str, *known: str) -> str:
    """Returns a text, such as an error message or a log line, without the credentials of any URL in it.

    Of the `known` addresses, passwords in the query go too.
    """
    for uri in known:
        text = text.replace(uri, without_credentials(uri)) if uri else text
    return _USER_INFO.sub("", text)


def reason(error: BaseException, uri: str) -> str:
    """Returns why a server did not do it: in a few words where everybody knows the cause, else the first line."""
    message = redacted(str(error), uri)
    for sign, words in _PHRASES:
        if sign in message.lower():
            return words
    lines = message.strip().splitlines()
    return lines[0][:_LONGEST_REASON] if lines else type(error).__name__
