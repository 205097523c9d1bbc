"""Sections about the run: cost, timeline, distribution of the objective, failures, how to run trials again."""
