"""Trained models of a pipeline: the folder that training leaves, its learning curve, and its evaluation."""
