"""The registry of delegates: the systems that `--to` chooses from."""

from __future__ import annotations

from morphogenetic_engine.registry import Registry

DELEGATES = Registry(
    "delegate",
    "morphogenetic_engine.delegates",
    {"katib": "morphogenetic_engine.backends.katib.katib_delegate:KATIB [cluster]"},
)
