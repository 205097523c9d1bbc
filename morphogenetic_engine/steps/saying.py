"""Prints the progress of a step to the log of its pod."""

from __future__ import annotations

from collections.abc import Callable

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Event, TrialEnded


def teller(config: SweepConfig) -> Callable[[Event], None]:
    """Returns an observer that prints a line for each trial that has ended, its objective first."""
    target = config.optimization.target_metric

    def tell(event: Event) -> None:
        if isinstance(event, TrialEnded):
            names = sorted(event.metrics, key=lambda name: name != target)
            metrics = " ".join(f"{name}={event.metrics[name]:.6g}" for name in names)
            say(f"trial {event.trial}: {event.state} {metrics or event.message}".rstrip())

    return tell


def say(line: str) -> None:
    """Prints a line without buffering."""
    print(line, flush=True)
