"""Sections that show how the search went over time: trend, Pareto front, learning curves."""
