"""Successive halving: all configurations are trained a little, the best ones go on. Pure functions of trial records."""
