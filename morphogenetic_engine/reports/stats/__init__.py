"""Statistics independent of trials: ranks, tests, intervals, and comparisons of samples."""
