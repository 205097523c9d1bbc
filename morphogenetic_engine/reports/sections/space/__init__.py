"""Sections about the search space: edges, interactions, importance, slices, pairs, correlations."""
