"""The registry of delegates: the systems that `--to` chooses from."""

from __future__ import annotations

from morphogenetic_engine.registry import Registry

DELEGATES = Registry(
    "delegate",
    "morphogenetic_engine.delegates",
    {
        "katib": "morphogenetic_engine.backends.katib.katib_delegate:KATIB [cluster]",
        "optimizationjob": "morphogenetic_engine.backends.optimization_job.trainer_delegate:OPTIMIZATION_JOB [cluster]",
    },
)
RENDERED_ONLY = frozenset({"optimizationjob"})
"""Those that a sweep is written for, and that neither take it nor tell of it: a choice is made among the others."""
