"""Katib as a delegate: renders and submits Experiments, and reads what they report."""

# The Kubernetes client takes long to import, and only commands that reach a cluster need it.
# Delegate's methods need no state where nothing is asked of a cluster.
# pylint: disable=import-outside-toplevel, no-self-use
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.backend import (
    Access,
    Progress,
    Rendered,
    RenderOptions,
    Source,
    Submitted,
    Tell,
    Unsupported,
)
from morphogenetic_engine.backends.katib.read.katib_record import trial_names
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Phase, Snapshot
from morphogenetic_engine.backends.katib.read.snapshot_events import SnapshotEvents
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal
from morphogenetic_engine.backends.katib.render.experiment import (
    RenderedExperiment,
    render_experiment,
    unsupported_settings,
)
from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
from morphogenetic_engine.backends.katib.render.sweep_setting import ALGORITHM
from morphogenetic_engine.backends.katib.render.validation import validate_experiment, validate_object
from morphogenetic_engine.backends.kubernetes.api_errors import Missing
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.single_trial.trial_files import download_trial, stored_journal

if TYPE_CHECKING:
    from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi

DELEGATE, SYSTEM = "katib", "Katib"


class KatibSweep:
    """An Experiment on a cluster."""

    def __init__(self, api: KatibApi, experiment: KatibExperiment, *, uploads: bool) -> None:
        """Opens the store of the trials' files, if there is one and `uploads` are to be read.

        Raises:
            StoreError: the store cannot be used.
        """
        self._api = api
        self._snapshot = Snapshot(experiment, ())
        self._trial_journal = trial_journal(experiment) if uploads else _no_journal

    @cached_property
    def source(self) -> Source:
        """The Experiment and its sweep; the configuration is parsed once."""
        return source_of(self._snapshot.experiment, self._api.host)

    @property
    def progress(self) -> Progress:
        """The state at the last snapshot."""
        experiment = self._snapshot.experiment
        failed = experiment.condition.phase is Phase.FAILED
        failure = (experiment.condition.message or Phase.FAILED.value) if failed else ""
        return Progress(experiment.completed, len(self._snapshot.running), failure)

    def events(self, folder: SweepFolder, history: History, *, wait: bool, tell: Tell) -> Iterator[Event]:
        """Yields the new events; `wait`: until the Experiment is completed or deleted."""
        from morphogenetic_engine.backends.katib.client import experiments
        from morphogenetic_engine.backends.katib.client.watch import follow

        name = self._snapshot.experiment.name
        snapshots = (
            follow(self._api, name, trouble=tell) if wait else [experiments.snapshot(self._api, name, trouble=tell)]
        )
        news = self._news(folder, history)
        try:
            for snapshot in snapshots:
                self._snapshot = snapshot
                yield from news.update(snapshot)
        except Missing:
            tell(f"{self.source.origin.where}: was deleted before it was completed")
            yield from news.stop(self._snapshot.experiment)

    def stop(self, folder: SweepFolder, history: History) -> Iterator[Event]:
        """Deletes the Experiment, or the leftover trials of a completed one; yields the resulting events."""
        from morphogenetic_engine.backends.katib.client import experiments

        experiment = self._snapshot.experiment
        if experiment.completed:
            experiments.end_leftovers(self._api, self._snapshot.running)
        else:
            experiments.remove(self._api, experiment.name)
        yield from self._news(folder, history).stop(experiment)

    def download(self, folder: SweepFolder) -> str:
        """Downloads what the trials uploaded."""
        experiment = self._snapshot.experiment
        if experiment.store is None:
            raise ConfigError(f"{experiment.where}: its trials uploaded nothing; render it with --store")
        store = open_store(experiment.store)
        count = sum(download_trial(store, name, folder.trial(number)) for number, name in trial_names(folder).items())
        return f"{count} files downloaded from {experiment.store}"

    def _news(self, folder: SweepFolder, history: History) -> SnapshotEvents:
        return SnapshotEvents(folder, history, self._snapshot.experiment, journal=self._trial_journal)


@dataclass(frozen=True)
class KatibDelegate:
    """Runs sweeps as Experiments."""

    connect: Callable[[Access], KatibApi]
    """Connects to a cluster; sends no request."""
    system: str = SYSTEM

    def render(self, file: ConfigFile, options: RenderOptions) -> Rendered:
        """Returns a sweep as an Experiment in YAML, for `kubectl apply`."""
        experiment = _rendered(file, options)
        claim = [experiment.claim] if experiment.claim else []
        return Rendered(manifest_yaml([*claim, experiment.manifest]), experiment.unsupported)

    def unsupported(self, file: ConfigFile, options: RenderOptions) -> Sequence[Unsupported]:
        """Returns the settings of a sweep file that Katib does not support; no image is needed."""
        return unsupported_settings(file, options)

    def submit(self, file: ConfigFile, options: RenderOptions, access: Access) -> Submitted:
        """Creates the Experiment of a sweep, or finds the one that was created from the same sweep."""
        from morphogenetic_engine.backends.katib.client import experiments

        api = self.connect(access)
        rendered = _rendered(file, replace(options, namespace=api.namespace))
        if options.algorithm == ALGORITHM:
            api.check_algorithm(ALGORITHM)
        experiment, new = experiments.submit(api, rendered)
        return Submitted(source_of(experiment, api.host).origin, new, rendered.unsupported)

    def find(self, name: str, access: Access) -> KatibSweep:
        """Returns an Experiment."""
        from morphogenetic_engine.backends.katib.client import experiments

        api = self.connect(access)
        return KatibSweep(api, experiments.get_experiment(api, name), uploads=access.uploads)


def source_of(experiment: KatibExperiment, cluster: str) -> Source:
    """Returns the origin record of an Experiment for the sweep folder."""
    origin = Origin(
        delegate=DELEGATE,
        system=SYSTEM,
        kind="Experiment",
        name=experiment.name,
        namespace=experiment.namespace,
        uid=experiment.uid,
        cluster=cluster,
    )
    return Source(origin, experiment.config, experiment.parallel, experiment.created, {"image": experiment.image})


def trial_journal(experiment: KatibExperiment) -> TrialJournal:
    """Returns the reader of the journals that the trials of an Experiment uploaded.

    Raises:
        StoreError: the store cannot be used, for example because credentials are missing.
    """
    if experiment.store is None:
        return _no_journal
    return partial(stored_journal, open_store(experiment.store))


def _no_journal(_name: str) -> Sequence[Event]:
    return ()


def _rendered(file: ConfigFile, options: RenderOptions) -> RenderedExperiment:
    rendered = render_experiment(file, options)
    validate_experiment(rendered.manifest)
    if rendered.claim is not None:
        validate_object(rendered.claim)
    return rendered


def _connect(access: Access) -> KatibApi:
    from morphogenetic_engine.backends.kubernetes.connection import connect
    from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi as Api

    return Api(connect(namespace=access.namespace, kubeconfig=access.kubeconfig, context=access.context))


KATIB = KatibDelegate(_connect)
