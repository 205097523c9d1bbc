"""Sections about the run: cost, timeline, distribution of the objective, failures, reproduction."""
