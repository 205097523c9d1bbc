"""Conformance suites for parts that other packages add: subclass one in your tests, and pytest runs it on your part.

Each suite is a class whose tests state one promise each of a protocol: `strategies.StrategyTests`. They need pytest
only to be run, not to be imported."""
