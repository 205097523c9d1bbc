"""Analyses of the trials of a sweep: one pure function and one frozen dataclass each."""
