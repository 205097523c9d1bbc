"""SweepFolder under the name that notebooks exported by version 0.1.0 import; new code imports it from record/."""

from morphogenetic_engine.sweeps.record.folder import SweepFolder

__all__ = ["SweepFolder"]
