"""Fixtures of the tests of the reports."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("reports", deadline=None, max_examples=50)
settings.load_profile("reports")
