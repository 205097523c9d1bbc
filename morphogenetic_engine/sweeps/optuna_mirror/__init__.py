"""Copies a sweep's journal to a user's own Optuna storage: a study a sweep, where optuna-dashboard shows it live.

The journal stays the truth. What is in the study is compared with it, and what differs is written, so that nothing has
to be remembered, and doing it again changes nothing. `trials.py` says what a study has to hold, `study.py` writes it,
`mirror.py` decides when; `follower.py`, all that a sweep needs, does without Optuna.
"""
