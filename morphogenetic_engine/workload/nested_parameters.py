"""Nested parameters: a sweep calls them `optimizer.lr`, and workloads get them as mappings in mappings."""

from __future__ import annotations

from collections.abc import Iterable

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.trial import Metrics, Params, Train, Trial

SEPARATOR = "."
"""Stands in names between a group and what is in it."""


def nested(params: Params) -> Params:
    """Returns parameters with a mapping for each group: {"optimizer.lr": 0.1} as {"optimizer": {"lr": 0.1}}."""
    if not any(SEPARATOR in name for name in params):
        return params
    found: dict[str, object] = {}
    for name, value in params.items():
        *groups, last = name.split(SEPARATOR)
        inner = found
        for group in groups:
            below = inner.setdefault(group, {})
            assert isinstance(below, dict), "the schema refuses a name that is both a value and a group"
            inner = below
        inner[last] = value
    return found  # type: ignore[return-value]  # a workload reads groups as it wrote them; everything else reads names


def check_groups(names: Iterable[str]) -> None:
    """Checks that no name is both a parameter and a group of parameters.

    Raises:
        ConfigError: one is.
    """
    every = set(names)
    for name in every:
        parts = name.split(SEPARATOR)
        above = next(
            (SEPARATOR.join(parts[:n]) for n in range(1, len(parts)) if SEPARATOR.join(parts[:n]) in every), ""
        )
        if above:
            raise ConfigError(f"{above} has a value, so there can be no {name} in it")


class WithNestedParameters:
    """A function whose nested parameters are mappings in mappings."""

    def __init__(self, train: Train) -> None:
        self._train = train

    def __call__(self, params: Params, trial: Trial, /) -> Metrics:
        return self._train(nested(params), trial)

    def __getattr__(self, name: str) -> object:
        """Returns an attribute of the function, such as what it declares of itself."""
        return getattr(self._train, name)
