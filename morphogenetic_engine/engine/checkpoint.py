"""load_model under the name that version 0.1.0 documented; new code imports it from checkpoints/."""

from morphogenetic_engine.engine.checkpoints.checkpoint import load_model

__all__ = ["load_model"]
