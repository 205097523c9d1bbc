"""Benchmarks: each module measures one thing, and `python -m benchmarks.<name>` prints the result."""
