"""Runs the suggestion service until SIGTERM: `python -m morphogenetic_engine.backends.katib.service`."""

from __future__ import annotations

import logging
import os
import signal
import sys

import click

from morphogenetic_engine.backends.katib.service.awaited_trials import AwaitedTrials
from morphogenetic_engine.backends.katib.service.cluster_access import ACCOUNT, pod_access
from morphogenetic_engine.backends.katib.service.suggestion_server import PORT, SuggestionServer
from morphogenetic_engine.errors import ConfigError, MorphogeneticError

NAMESPACE_VARIABLE = "MORPHOGENETIC_NAMESPACE"
_GRACE_SECONDS = 20.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 in a pod.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one.")
@click.option(
    "--namespace", metavar="NAME", help=f"The Experiments' namespace.  [default: {NAMESPACE_VARIABLE}, else the pod's]"
)
def main(host: str, port: int, namespace: str | None) -> None:
    """Answer Katib's suggestion controller with the trials of the local search."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Both signals stay blocked, in the threads of the server too, so that one of them ends the wait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        where = namespace or _namespace()
        server = SuggestionServer(where, host=host, port=port, awaited=_awaited(where))
    except MorphogeneticError as error:
        raise click.ClickException(str(error)) from error
    server.start()
    click.echo(f"ready on {host}:{server.port}")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop(_GRACE_SECONDS)


def _awaited(namespace: str) -> AwaitedTrials | None:
    """Returns what looks after trials that are waited for, if the pod has an account."""
    access = pod_access(namespace)
    if access is None:
        logging.info("no service account: at the end of a sweep Katib asks again after its own pauses")
        return None
    return AwaitedTrials(access)


def _namespace() -> str:
    """Returns the namespace of the pod.

    Raises:
        ConfigError: nothing tells it.
    """
    given = os.environ.get(NAMESPACE_VARIABLE)
    if given:
        return given
    if (ACCOUNT / "namespace").is_file():
        return (ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    raise ConfigError(f"--namespace: is missing; give it, or set {NAMESPACE_VARIABLE} to the pod's namespace")


if __name__ == "__main__":
    main()  # pylint: disable=no-value-for-parameter  # click reads them from the command line
