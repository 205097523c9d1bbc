"""What a sweep file may say: the pydantic models of its sections, and older formats of the file."""
