"""Copies a sweep's journal to a user's own Optuna storage: one study per sweep, for optuna-dashboard and Optuna's tools."""
