"""Ensembles: selects several models of a sweep that predict together, and records the selection."""
