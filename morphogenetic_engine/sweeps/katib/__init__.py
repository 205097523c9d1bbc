"""Katib: a sweep as an Experiment (kubeflow.org/v1beta1), and its Trials as a sweep's history. Pure functions.

Nothing here talks to a cluster, and no other package knows Katib's format, which another one will follow one day.
"""
