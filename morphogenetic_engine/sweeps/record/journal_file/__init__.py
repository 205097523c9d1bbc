"""The file format of a journal: lines, checksums and rules for values, its lock, its repair."""
