"""Back ends that run trials: worker processes on this machine, or another system such as Katib for a whole sweep.

`backend.py` defines the protocol of such systems, `delegates.py` their registry, and `recording.py` writes the events
that they report into a sweep folder. `worker_executor.py` is what executors of worker processes share; `leftovers.py`
ends what a killed session has left elsewhere. `katib/` is the built-in delegate; `kubernetes/` is the connection to
clusters."""
