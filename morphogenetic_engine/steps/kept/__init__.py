"""The files that a pipeline's run keeps in the object store, and the collection of an Experiment that it leaves."""
