"""Reads Katib's objects: Experiments, Trials and warnings become the events of a sweep folder."""
