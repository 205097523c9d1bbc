"""The files that a training run leaves, and predictions of a saved network."""
