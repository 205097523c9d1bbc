"""Conformance suites for extensions in other packages: subclass one in your tests, and pytest runs it on the extension.

Each suite is a class whose tests each check one rule of a protocol, for example `strategies.StrategyTests`. Importing
the suites does not require pytest."""
