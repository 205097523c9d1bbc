"""The pruners: a file for each kind, imported without its library."""
