"""Optuna's samplers and pruners, seeded for each trial so that they give the same sweep at any number of workers."""
