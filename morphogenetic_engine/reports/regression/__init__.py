"""Tests whether tonight's sweep is worse than before: a reference, a comparison robust to noise, and a history.

`measurements.py` reads the values of a sweep, `reference.py` keeps them in a file, `regress.py` compares,
`verdict.py` is what came of it (`words.py`: in Markdown), `change_points.py` and `trend.py` look at many nights.
"""
