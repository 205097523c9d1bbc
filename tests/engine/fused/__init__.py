"""The engine's stacked training against the training of one run."""
