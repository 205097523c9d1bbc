"""Sweeps: configuration, suggestions, worker processes, journal and results."""
