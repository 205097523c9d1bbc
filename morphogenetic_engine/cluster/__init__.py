"""Sweeps on a Kubernetes cluster: create, watch, collect, stop. The only package that imports `kubernetes`."""
