"""Tests of the benchmarks that compare: what they compute, not how fast."""
