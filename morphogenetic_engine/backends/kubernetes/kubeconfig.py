"""Reads the contexts of one or several kubeconfig files, and the current one, as kubectl does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from morphogenetic_engine.errors import ClusterError


@dataclass(frozen=True)
class Contexts:
    """The contexts of one or several kubeconfigs."""

    namespaces: Mapping[str, str]
    """Each context's namespace, by the context's name."""
    current: str | None
    """The current context: the first file's, as for kubectl; the Python client would take the last file's."""


def kubeconfig_path(given: Path | None) -> str:
    """Returns the path of the kubeconfig, or several paths with colons between them.

    Raises:
        ClusterError: none of the files exists.
    """
    path = str(given) if given else os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))
    if not _files(path):
        raise ClusterError(f"no cluster: there is no kubeconfig {path}; set KUBECONFIG, or give --kubeconfig")
    return path


def read_contexts(path: str) -> Contexts:
    """Reads the contexts of one kubeconfig or of several.

    Raises:
        ClusterError: one is damaged.
    """
    namespaces: dict[str, str] = {}
    current: str | None = None
    for file in _files(path):
        try:
            written = yaml.safe_load(file.read_text(encoding="utf-8"))
            for each in written.get("contexts") or ():
                namespaces.setdefault(str(each["name"]), (each.get("context") or {}).get("namespace") or "default")
            current = current or written.get("current-context") or None
        except (yaml.YAMLError, OSError, UnicodeDecodeError, AttributeError, TypeError, KeyError) as error:
            why = " ".join(str(error).split())
            raise ClusterError(f"{file}: is not a valid kubeconfig: {why}") from error
    return Contexts(namespaces, current)


def _files(path: str) -> Sequence[Path]:
    return [Path(each) for each in path.split(os.pathsep) if Path(each).is_file()]
