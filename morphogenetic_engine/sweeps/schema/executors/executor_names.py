"""The names that a sweep file may give to an executor: what runs the trials of a sweep on our side."""

from __future__ import annotations

from typing import Annotated

from morphogenetic_engine.registry import Registry
from morphogenetic_engine.sweeps.schema.search_names import RegisteredName

LOCAL = "local"
DASK = "dask"
EXECUTORS = Registry(
    "executor",
    "morphogenetic_engine.executors",
    {
        LOCAL: "morphogenetic_engine.backends.local:LocalExecutor",
        DASK: "morphogenetic_engine.backends.dask.dask_executor:dask_executor [dask]",
    },
)
ExecutorName = Annotated[str, RegisteredName(EXECUTORS)]
