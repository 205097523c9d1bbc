"""Ends what the session of a sweep has left elsewhere, if its process and its machine ended together."""

from __future__ import annotations

from morphogenetic_engine.sweeps.record.folder import SweepFolder


def cancel_leftovers(folder: SweepFolder) -> int:
    """Cancels the jobs of a sweep that no process runs, waits until they are gone, and returns how many there were.

    Raises:
        ClusterError: Slurm cannot be reached, or does not end them.
        SweepError: `sweep.json` is damaged.
    """
    execution = folder.read_info().config.execution
    if execution.executor != "dask" or execution.dask.slurm is None:
        return 0
    # pylint: disable-next=import-outside-toplevel  # only for sweeps with jobs
    from morphogenetic_engine.backends.dask.launchers.slurm_queue import SlurmQueue, job_prefix

    return SlurmQueue.cancel_earlier(job_prefix(folder.path))
