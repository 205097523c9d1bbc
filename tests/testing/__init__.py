"""Runs the package's own parts through the conformance suites."""
