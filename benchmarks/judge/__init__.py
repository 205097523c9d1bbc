"""Compares search strategies on tables of recorded trainings: how good is the best found within a budget of training."""
