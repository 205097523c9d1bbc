"""How a search came to its result: what constraints ruled out, and which trials went on from which."""
