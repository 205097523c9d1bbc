"""Compares search strategies on tables of recorded trainings: the best found within a budget of training."""
