"""Pipelines on this machine, without a cluster: each component in a process or a container of its own."""
