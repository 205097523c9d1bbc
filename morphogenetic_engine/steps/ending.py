"""How a step ends that cannot go on: with one line and a status that is not 0, never with a traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from morphogenetic_engine.errors import MorphogeneticError

_P = ParamSpec("_P")
_R = TypeVar("_R")


def step(name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Make a function the body of the component `name`: what it raises on purpose ends the process with one line."""

    def wrap(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return function(*args, **kwargs)
            except MorphogeneticError as error:
                sys.exit(f"{name}: {error}")

        return run

    return wrap
