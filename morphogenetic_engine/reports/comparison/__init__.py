"""Comparisons of sweeps, configurations and trials: paired samples, tests, performance profiles."""
