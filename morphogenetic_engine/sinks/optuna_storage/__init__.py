"""Copies a sweep's journal to a user's own Optuna storage: a study per sweep, for optuna-dashboard and Optuna."""
