"""The schema of sweep files: the pydantic models of its sections, and older formats of the file."""
