"""Sinks: follow the journal and send it to MLflow or a user's Optuna storage, each in a separate process.

A slow or missing server does not slow the sweep, and what was not sent is sent later."""
