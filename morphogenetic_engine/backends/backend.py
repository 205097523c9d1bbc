"""The delegate protocol: a system, such as Katib, that runs a whole sweep itself.

A delegate is registered in the entry-point group `morphogenetic_engine.delegates`; `--to NAME` chooses it. Its reports
become events, which `recording.collect` writes into a sweep folder. An executor (`sweeps/run/executor.py`), such as
`local.py`, in contrast runs single trials for the built-in run loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from morphogenetic_engine.backends.delegates import DELEGATES
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.inputs import InputFile
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord

ResumePolicy = Literal["Never", "LongRunning", "FromVolume"]
SuggestionsBy = Literal["katib", "morphogenetic"]
Tell = Callable[[str], object]
"""Takes a line for the user."""


@dataclass(frozen=True)
class Unsupported:
    """A setting of the sweep file that the system does not support."""

    key: str
    """The setting's dotted key in the sweep file."""
    text: str
    """The system's behaviour instead."""


@dataclass(frozen=True)
class RenderOptions:
    """The settings of one run on another system; None: the sweep file's, or the system's default."""

    name: str | None = None
    namespace: str | None = None
    """None: the one that kubectl, or the client, is set to."""
    image: str | None = None
    gpu: int | None = None
    parallel: int | None = None
    max_failed: int | None = None
    """The number of failed trials with which the sweep fails; None: all of them."""
    resume_policy: ResumePolicy = "Never"
    store: str | None = None
    """The address to which each trial uploads its files, under its own name: s3://bucket/folder."""
    algorithm: SuggestionsBy = "katib"
    """Who chooses the points: the system's own algorithms, or our service of the local search."""
    earlier: Sequence[TrialRecord] = ()
    """The results that the sweep's warm start gives it."""
    exact: bool = False
    """Runs exactly the sweep's own points if they are known in advance."""
    inputs: Mapping[str, InputFile] = field(default_factory=dict)
    """The sweep's input files on this machine; trials check that theirs are the same."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Additional labels of the object that runs the sweep, and annotations, which the UIs show."""


@dataclass(frozen=True)
class Access:
    """The connection to the system; None: taken from the environment."""

    namespace: str | None = None
    kubeconfig: Path | None = None
    context: str | None = None
    uploads: bool = True
    """True: read the trials' uploads for learning curves and failure reasons."""


@dataclass(frozen=True)
class Rendered:
    """A sweep as the system takes it."""

    text: str
    unsupported: Sequence[Unsupported]


@dataclass(frozen=True)
class Submitted:
    """A sweep that the system has accepted."""

    origin: Origin
    new: bool
    """False: the same sweep was submitted earlier and exists."""
    unsupported: Sequence[Unsupported]


@dataclass(frozen=True)
class Progress:
    """The state of a sweep on the system."""

    over: bool
    running: int = 0
    """Trials that have not ended."""
    failure: str = ""
    """The reason if the sweep failed, otherwise ""."""


@dataclass(frozen=True)
class Source:
    """The record in a sweep folder of where it was collected from."""

    origin: Origin
    config: SweepConfig
    parallel: int
    created: float
    """Seconds since 1970."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of the software that the trials run with: {"image": "registry/train:1.0"}."""


class DelegatedSweep(Protocol):
    """One sweep on the system."""

    @property
    def source(self) -> Source:
        """The system and object that the sweep was collected from."""

    @property
    def progress(self) -> Progress:
        """The state when the system was last asked."""

    def events(self, folder: SweepFolder, history: History, *, wait: bool, tell: Tell) -> Iterator[Event]:
        """Yields the events that are missing in `history`, the folder's journal so far.

        The caller applies each event to `history` before it requests the next one. `wait`: follow the sweep to its end;
        `tell` receives warnings.

        Raises:
            ClusterError: the system cannot be reached, or the sweep is gone.
        """

    def stop(self, folder: SweepFolder, history: History) -> Iterator[Event]:
        """Stops everything of the sweep that still runs, and yields the resulting events.

        Raises:
            ClusterError: the system cannot be reached, or refuses.
        """

    def download(self, folder: SweepFolder) -> str:
        """Downloads the files that the trials left into the folder, and returns a line that says what was downloaded.

        Raises:
            ConfigError: the trials leave no files, or upload none.
        """
        raise ConfigError(f"{self.source.origin.where}: {self.source.origin.system} keeps no files of trials")


@runtime_checkable
class Delegate(Protocol):
    """A system that runs a whole sweep itself."""

    @property
    def system(self) -> str:
        """The name in messages: "Katib"."""

    def render(self, file: ConfigFile, options: RenderOptions) -> Rendered:
        """Returns a sweep as the system takes it.

        Raises:
            ConfigError: a sweep that the system cannot run.
        """

    def unsupported(self, file: ConfigFile, options: RenderOptions) -> Sequence[Unsupported]:
        """Returns the settings of a sweep file that the system does not support.

        Raises:
            ConfigError: a sweep that the system cannot run.
        """

    def submit(self, file: ConfigFile, options: RenderOptions, access: Access) -> Submitted:
        """Starts a sweep, or finds the same sweep if it was submitted before.

        Raises:
            ConfigError: a sweep that the system cannot run.
            ClusterError: the system cannot be reached, or refuses; or another sweep has the name.
        """

    def find(self, name: str, access: Access) -> DelegatedSweep:
        """Returns a sweep on the system.

        Raises:
            ClusterError: the system cannot be reached, or has no sweep of this name.
            ConfigError: the sweep was not created by this tool.
            StoreError: the store of the trials' files cannot be used.
        """


def load_delegate(name: str) -> Delegate:
    """Returns the delegate of a name.

    Raises:
        ConfigError: there is none, or it cannot be loaded.
    """
    delegate = DELEGATES.find(name)
    if not isinstance(delegate, Delegate):
        raise ConfigError(f"delegate {name!r}: must have the methods of morphogenetic_engine.backends.backend.Delegate")
    return delegate
