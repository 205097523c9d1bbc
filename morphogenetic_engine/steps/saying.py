"""What a step prints into the log of its pod."""

from __future__ import annotations

from morphogenetic_engine.sweeps.record.events import Event, TrialEnded


def tell(event: Event) -> None:
    """Print a line for each trial that has ended."""
    if isinstance(event, TrialEnded):
        metrics = " ".join(f"{name}={value:.6g}" for name, value in event.metrics.items())
        say(f"trial {event.trial}: {event.state} {metrics or event.message}".rstrip())


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
