"""Population-based training: the results of a generation in, the parents and parameters of the next one out."""
