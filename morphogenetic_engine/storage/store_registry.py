"""The registry of stores by URL scheme."""

from __future__ import annotations

from morphogenetic_engine.registry import Registry

_CLOUD = "morphogenetic_engine.storage.cloud_store:open_cloud [storage]"

STORES = Registry(
    "store",
    "morphogenetic_engine.stores",
    {
        "file": "morphogenetic_engine.storage.folder_store:open_folder",
        "s3": _CLOUD,
        "gs": _CLOUD,
        "az": _CLOUD,
    },
)
