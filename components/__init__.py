"""Components for Kubeflow Pipelines: thin bodies that call `morphogenetic_engine.steps`, in which everything happens.

Every folder has a `component.py` that imports nothing but kfp at its top, and a README.md. Their files may not use
`from __future__ import annotations`: kfp reads the annotations.
"""
