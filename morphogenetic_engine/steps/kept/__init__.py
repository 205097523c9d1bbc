"""What a run of a pipeline keeps in the object store, and how an Experiment that it leaves behind is brought home."""
