"""How a journal is written to its file: lines, checksums and rules for values, its lock, its repair."""
