"""Tests whether tonight's sweep is worse than before: a reference, a comparison robust to noise, and a history.

`measurements.py` reads the values of a sweep, `reference.py` keeps them in a file, `regress.py` compares,
`regression_verdict.py` is the result (as Markdown: `words.py`), `change_points.py` and `trend.py` build histories.
"""
