"""Traces a search to its result: trials that constraints ruled out, and trials that went on from others."""
