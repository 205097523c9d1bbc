"""The order in which trials start, where they pause, and when no further one starts; independent of processes."""
