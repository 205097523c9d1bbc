"""Sections that show every trial: parallel coordinates and the trial table."""
