"""What runs the trials of a sweep on our side: the names of executors, and the sections of those that have one."""
