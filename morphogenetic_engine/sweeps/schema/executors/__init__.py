"""The executors, which run the trials of a sweep on our side: their names, and the sections of those that have one."""
