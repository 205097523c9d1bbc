"""Confirmation: re-evaluates the best configurations and the baseline on seeds that the search did not use."""
