"""Implements `api.py`: Python values in, a sweep file out; a sweep folder in, objects for Python code out."""
