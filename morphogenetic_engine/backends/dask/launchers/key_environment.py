"""Hands the keys of a session to workers that do not see its files: in environment variables that Dask reads.

They are removed from the environment before a trial runs (`host_process`). By ssh they travel on standard input, as a
command line can be seen by others.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence

from morphogenetic_engine.backends.dask.host_process import KEY_VARIABLES
from morphogenetic_engine.backends.dask.session_keys import KeyFiles

_LINE = 'read -r line && {0}=$(printf %s "$line" | base64 -d) && export {0} && '
_READ = "".join(_LINE.format(name) for name in KEY_VARIABLES)


def key_environment(keys: KeyFiles | None) -> dict[str, str]:
    """Returns the variables with the keys."""
    files = () if keys is None else (keys.ca, keys.cert, keys.key)
    return {name: file.read_text(encoding="ascii") for name, file in zip(KEY_VARIABLES, files, strict=False)}


def key_lines(keys: KeyFiles) -> bytes:
    """Returns the keys as lines, which `with_keys_from_input` reads."""
    return b"".join(base64.b64encode(text.encode()) + b"\n" for text in key_environment(keys).values())


def with_keys_from_input(words: Sequence[str]) -> str:
    """Returns a shell command that reads the keys from standard input, and runs a command with them."""
    return shlex.join(["exec", "sh", "-c", f'{_READ}exec "$@"', "sh", *words])
