"""What a trial runs: a Python function or a program, how it is found, and the processes that a program starts."""
