"""Workloads: a Python function or a program, how it is loaded, and the processes that a program starts."""
