"""A process that follows a sweep's journal and sends it somewhere else: to MLflow, to an Optuna storage.

`follower.py` is the sweep's side, `process.py` the process's; `journal_tail.py` reads what is new. What is sent, and
how, is each destination's own.
"""
