"""A Kubeflow Pipelines server: its API, runs started once and followed to their ends, schedules."""
