"""Components for Kubeflow Pipelines: thin bodies that call `morphogenetic_engine.steps`, which holds all logic.

Every folder has a README.md and a `component.py`, which imports only kfp at its top. These files may not use
`from __future__ import annotations`, because kfp reads the annotations.
"""
