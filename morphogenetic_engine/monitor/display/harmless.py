"""The one place through which text reaches terminals: escape sequences and characters that reorder text are shown.

Values of parameters, messages of exceptions, output of programs and files of others may hold sequences that move the
cursor, change a title, hide text or show it in another order. They are written as `\\x1b` and `\\u202e` instead.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import BinaryIO, TextIO

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that reorder text
    "\u2028\u2029\ufeff\ud800-\udfff]"  # other ends of lines, marks without width, half characters
)


def is_harmless(text: str) -> bool:
    """Returns True if a text holds nothing that a terminal would obey."""
    return _UNSAFE.search(text) is None


def harmless(text: str) -> str:
    """Returns a text in which all that a terminal would obey is shown."""
    return _UNSAFE.sub(_shown, text)


class HarmlessStream(io.TextIOBase):
    """A text stream that writes to another one; rich, which sends sequences of its own, finds that one by name."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.rich_proxied_file = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property here
        return self.rich_proxied_file.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]  # a property here
        return self.rich_proxied_file.errors

    @property
    def buffer(self) -> BinaryIO:
        """The stream below, for bytes; they contain no text of others."""
        return self.rich_proxied_file.buffer

    def write(self, text: str, /) -> int:
        """Writes the text with all that a terminal would obey shown."""
        self.rich_proxied_file.write(harmless(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self.rich_proxied_file.flush()

    def fileno(self) -> int:
        return self.rich_proxied_file.fileno()

    def isatty(self) -> bool:
        return self.rich_proxied_file.isatty()

    def close(self) -> None:
        """Does nothing: the other stream is not this one's to close."""


@contextmanager
def harmless_streams(out: TextIO, err: TextIO) -> Iterator[None]:
    """Passes all that is written to standard output and error through here."""
    with redirect_stdout(HarmlessStream(out)), redirect_stderr(HarmlessStream(err)):
        yield


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x7F else f"\\u{code:04x}"  # the latter is an escape of JSON too
