"""Compares executors: the same no-op and training sweeps by local workers, Dask, Slurm, Optuna and Ray Tune."""

from benchmarks.machines.executors import figures

__all__ = ["figures"]
