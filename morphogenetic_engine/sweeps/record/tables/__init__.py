"""Trials in, rows and files of CSV out."""
