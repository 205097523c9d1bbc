"""Statistics that know nothing of trials: ranks, tests, intervals, and comparisons of samples."""
