"""The problems that the benchmarks search: test functions with known minima, and trainings of the engine."""
