"""Back ends that run trials: worker processes on this machine, or another system such as Katib for a whole sweep.

`backend.py` defines the protocol of such systems, `delegates.py` their registry, and `recording.py` writes the events
that they report into a sweep folder. `katib/` is the built-in one; `kubernetes/` is the connection to clusters."""
