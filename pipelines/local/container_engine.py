"""Finds or starts Docker or podman, and runs programs in images."""

import codecs
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

ENGINES = ("podman", "docker")
"""In the order in which `make images` tries them."""
START_SECONDS = 20.0

Tell = Callable[[str], object]
"""Receives a program's output in pieces."""


@dataclass(frozen=True)
class ContainerEngine:
    """A client of an engine that answers."""

    name: str
    client: "DockerClient"
    folders: Sequence[Path] = ()
    """Folders of this machine; a container has them, writable, at the same paths."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def require(self, image: str) -> None:
        """Raises ConfigError if the engine does not have an image; none is pulled unasked."""
        from docker.errors import DockerException, ImageNotFound  # pylint: disable=import-outside-toplevel

        try:
            self.client.images.get(image)
        except ImageNotFound as error:
            hint = f"`make images` builds it, `{self.name} pull` fetches it"
            raise ConfigError(f"{image}: {self.name} has no such image; {hint}") from error
        except DockerException as error:
            raise ConfigError(f"{image}: {self.name} cannot tell whether it has this image: {error}") from error

    def run(self, image: str, command: Sequence[str], environment: Mapping[str, str], tell: Tell) -> int:
        """Runs a program instead of the image's entry point, passes on its output, and returns its exit status.

        It has the network of this machine, no capabilities, and a root file system that it cannot write to.
        """
        container = self.client.containers.create(
            image,
            entrypoint=list(command[:1]),
            command=list(command[1:]),
            environment={**environment, **self.environment},
            user=self._user(),
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_mode="host",
            tmpfs={"/tmp": "exec,mode=1777"},
            volumes={str(folder): {"bind": str(folder), "mode": self._mode()} for folder in self.folders},
        )
        try:
            container.start()
            _hand_on(container, tell)
            return int(container.wait()["StatusCode"])
        finally:
            container.remove(force=True)

    def _user(self) -> str:
        """Returns the user id in a container that maps to this user outside: 0 if the engine is rootless."""
        return "0:0" if self._has("rootless") else f"{os.getuid()}:{os.getgid()}"

    def _mode(self) -> str:
        return "rw,z" if self._has("selinux") else "rw"

    def _has(self, option: str) -> bool:
        options = self.client.info().get("SecurityOptions") or []
        return any(each.split(",")[0] == f"name={option}" for each in options)


@contextmanager
def container_engine(folders: Sequence[Path], environment: Mapping[str, str]) -> Iterator[ContainerEngine]:
    """Yields the engine that DOCKER_HOST or CONTAINER_ENGINE names, or else the first that answers.

    Podman needs no running service: one is started for the duration of the block.

    Raises:
        ConfigError: none answers.
    """
    with ExitStack() as stack:
        for name, address in _addresses(stack):
            client = _answering(address)
            if client is not None:
                stack.callback(client.close)
                yield ContainerEngine(name, client, folders, environment)
                return
        raise ConfigError(
            "--runner docker: neither podman nor Docker answers here; start one, or name its socket with DOCKER_HOST"
        )


def _addresses(stack: ExitStack) -> Iterator[tuple[str, str]]:
    if host := os.environ.get("DOCKER_HOST"):
        yield "docker", host
        return
    wanted = os.environ.get("CONTAINER_ENGINE")
    for name in ENGINES if wanted is None else (wanted,):
        for socket in _sockets(name, stack):
            if socket.exists():
                yield name, f"unix://{socket}"


def _sockets(engine: str, stack: ExitStack) -> Iterator[Path]:
    if engine == "docker":
        yield Path("/var/run/docker.sock")
    elif engine == "podman":
        if runtime := os.environ.get("XDG_RUNTIME_DIR"):
            yield Path(runtime, "podman", "podman.sock")
        yield Path("/run/podman/podman.sock")
        if program := shutil.which("podman"):
            yield _started_podman(program, stack)


def _started_podman(program: str, stack: ExitStack) -> Path:
    """Returns the socket of a service that runs as long as the stack; it is missing if the service could not start."""
    # pylint: disable=consider-using-with  # the stack ends both
    socket = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podman-")), "podman.sock")
    command = [program, "system", "service", "--time", "0", f"unix://{socket}"]
    service = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    stack.callback(service.terminate)
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists() and service.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return socket


def _answering(address: str) -> "DockerClient | None":
    # pylint: disable=import-outside-toplevel  # needed only for containers
    from docker import from_env
    from docker.errors import DockerException

    try:
        return from_env(environment={**os.environ, "DOCKER_HOST": address})  # asks for the version
    except DockerException:
        return None


def _hand_on(container: "Container", tell: Tell) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in container.logs(stream=True, follow=True):
        tell(decoder.decode(piece))
