"""Files in a folder or an object store, behind one interface: `/path`, `file://`, `s3://`, `gs://`, `az://`."""

from __future__ import annotations

from morphogenetic_engine.storage.address import split_address
from morphogenetic_engine.storage.store import PATIENCE_SECONDS, Store, open_store
from morphogenetic_engine.storage.stored_file import LINK_SECONDS, StoredFile

__all__ = ["LINK_SECONDS", "PATIENCE_SECONDS", "Store", "StoredFile", "open_store", "split_address"]
