"""Runs the components of a local pipeline, each in a container."""

# kfp's own DockerTaskHandler lets the engine remove ended containers, and treats one that is gone before its exit
# status was read as a success; it also passes the command to the image's entry point instead of replacing it.
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from docker.errors import DockerException
from kfp import local
from kfp.local import docker_task_handler, status, task_handler_interface

from pipelines.local.container_engine import ContainerEngine


@contextmanager
def components_in_containers(engine: ContainerEngine) -> Iterator[local.DockerRunner]:
    """Yields the runner for `kfp.local.init`; while this lasts, its tasks are run by the engine."""

    class InContainer(task_handler_interface.ITaskHandler):
        """A task handler of kfp: runs the container of one task."""

        def __init__(
            self,
            image: str,
            full_command: Sequence[str],
            pipeline_root: str,
            runner: local.DockerRunner,
            env_vars: Mapping[str, str] | None = None,
        ) -> None:
            super().__init__(image, full_command, pipeline_root, runner, env_vars)
            self._image, self._command, self._environment = image, full_command, env_vars or {}

        def run(self) -> status.Status:
            try:
                ended = engine.run(self._image, self._command, self._environment, _print)
            except (DockerException, OSError) as error:
                print(f"{engine.name}: {error}")
                return status.Status.FAILURE
            return status.Status.SUCCESS if ended == 0 else status.Status.FAILURE

    known = docker_task_handler.DockerTaskHandler
    docker_task_handler.DockerTaskHandler = InContainer
    try:
        yield local.DockerRunner()
    finally:
        docker_task_handler.DockerTaskHandler = known


def _print(text: str) -> None:
    print(text, end="")
