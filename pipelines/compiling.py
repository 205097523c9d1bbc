"""Compiles a plan to the file that Kubeflow Pipelines takes. The same plan gives the same bytes."""

import hashlib
import tempfile
from pathlib import Path

from kfp import compiler

from morphogenetic_engine.errors import StoreError
from pipelines.definition import definition
from pipelines.plan import Plan


def compiled(plan: Plan) -> str:
    """Returns the compiled pipeline: YAML, in two documents where it names resources of Kubernetes.

    Raises:
        ConfigError: the configuration is too large for a parameter.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-") as folder:
        path = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(definition(plan), str(path))
        return path.read_text(encoding="utf-8")


def identity(package: str) -> str:
    """Returns the digest of a compiled pipeline: of configuration, images, store, resources and code."""
    return hashlib.sha256(package.encode()).hexdigest()


def write(plan: Plan, path: Path) -> None:
    """Compile into a file.

    Raises:
        ConfigError: the configuration is too large for a parameter.
        StoreError: the file cannot be written.
    """
    package = compiled(plan)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(package, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
