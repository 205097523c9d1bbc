"""Kubeflow Trainer as a delegate: renders OptimizationJobs, whose trials are TrainJobs."""

# Delegate's methods need no state where nothing is asked of a cluster.
# pylint: disable=no-self-use
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from morphogenetic_engine.backends.backend import Access, Rendered, RenderOptions, Submitted, Unsupported
from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.backends.optimization_job.manifest import render_job, unsupported_settings
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile


@dataclass(frozen=True)
class OptimizationJobDelegate:
    """Writes sweeps as OptimizationJobs; what becomes of them only the cluster tells."""

    system: str = "Kubeflow Trainer"

    def render(self, file: ConfigFile, options: RenderOptions) -> Rendered:
        """Returns a sweep as an OptimizationJob in YAML, for `kubectl create`."""
        job = render_job(file, options)
        return Rendered(manifest_yaml([job.manifest]), job.unsupported)

    def unsupported(self, file: ConfigFile, options: RenderOptions) -> Sequence[Unsupported]:
        """Returns the settings of a sweep file that an OptimizationJob cannot say; no image is needed."""
        return unsupported_settings(file, options)

    def submit(self, file: ConfigFile, options: RenderOptions, access: Access) -> Submitted:
        """Raises: an OptimizationJob is created with kubectl."""
        del options, access
        _only_rendered(f"{file.path}: ")

    def find(self, name: str, access: Access) -> NoReturn:
        """Raises: an OptimizationJob tells of no trials."""
        del access
        _only_rendered(f"{name}: ")


def _only_rendered(where: str) -> NoReturn:
    raise ConfigError(
        f"{where}an OptimizationJob says nothing of its trials, so that they cannot be followed from here: write it"
        " with `sweep render --to optimizationjob`, create it with kubectl; or use --to katib"
    )


OPTIMIZATION_JOB = OptimizationJobDelegate()
