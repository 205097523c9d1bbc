"""What follows the journal and sends it on: MLflow, a user's Optuna storage. Each sink runs in a process of its own.

A slow or missing server costs the sweep nothing, and whatever was not sent is repaired later."""
