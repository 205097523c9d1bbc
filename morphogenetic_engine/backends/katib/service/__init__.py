"""A suggestion service for Katib: it answers with the trials of the local search, whatever the order of their ends."""
