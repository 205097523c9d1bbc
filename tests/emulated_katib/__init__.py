"""Emulates what Katib v0.19 and the kubelet do to a trial between the Experiment and its metrics.

Written after the Go sources of kubeflow/katib and Kubernetes, which each module names. Only the standard library: the
metrics collector also runs in a container beside a trial.
"""
