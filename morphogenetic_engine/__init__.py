"""Hyperparameter sweeps that are exact and honest, on one machine and on a cluster."""

__version__ = "0.1.0"
