"""Where trials run: worker processes on this machine, or another system such as Katib."""
