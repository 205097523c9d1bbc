"""Running a sweep on this machine: sessions, the schedule, worker processes, and the rules that end a sweep."""
