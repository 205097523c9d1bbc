"""The suggestion service: the trials of a local sweep, whatever Katib does."""
