"""Where trials run: worker processes on this machine, or another system such as Katib that runs the whole sweep.

`backend.py` has the protocol of such systems, `delegates.py` their registry, and `recording.py` writes what they report
into a sweep folder. `katib/` is the built-in one; `kubernetes/` talks to clusters."""
