"""Sweep files of other systems (W&B, Katib, Hydra with Optuna), recognised and converted to the sections of ours."""
