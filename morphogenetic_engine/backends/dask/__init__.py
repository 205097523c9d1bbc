"""The executor `dask`: worker processes on other machines, placed and watched by Dask.

`dask_executor.py` is the executor; `remote_workers.py` is its end of the channel to the workers, `worker_host.py` the
other one, which runs as a Dask task and starts the same worker process that a sweep on one machine has. `clusters.py`
opens the cluster: one that runs already, or a scheduler of the session whose workers `launchers/` starts."""
