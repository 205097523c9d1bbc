"""The pipelines: sweep, train the best, evaluate, report. `python -m pipelines` compiles, submits and schedules them.

Files here may not use `from __future__ import annotations`: kfp reads the annotations of pipelines.
"""
