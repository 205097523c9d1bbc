"""What the trials of a sweep say: one pure function and one frozen dataclass per question."""
