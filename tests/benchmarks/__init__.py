"""Tests of the benchmarks that compare: their results, not their speed."""
