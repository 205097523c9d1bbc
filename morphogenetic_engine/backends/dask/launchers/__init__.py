"""Starts and ends the Dask workers of a session's own scheduler: processes here, over SSH, or jobs of Slurm."""
