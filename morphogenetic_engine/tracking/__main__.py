"""`python -m morphogenetic_engine.tracking FOLDER`: follow the journal of the sweep in FOLDER and send it to MLflow.

Started by `Follower`. Ends at the end of the session, of the standard input, or at SIGTERM. Exit status: 0 all is
sent, 1 something is not, 2 it cannot be done at all.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sweeps.folder import SweepFolder
from morphogenetic_engine.tracking.address import redacted
from morphogenetic_engine.tracking.follower import DRAIN_SECONDS, URI_VARIABLE
from morphogenetic_engine.tracking.following import follow

NOT_ALL_SENT = 1
IMPOSSIBLE = 2


class RedactingFormatter(logging.Formatter):
    """Log lines without the credentials of the tracking server."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), os.environ.get(URI_VARIABLE, ""))


def main() -> int:
    """Follow, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m morphogenetic_engine.tracking", description=__doc__)
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--experiment", help="MLflow's experiment; left out: as the sweep file says")
    parser.add_argument("--drain", type=float, default=DRAIN_SECONDS, help="seconds to send the rest at the end")
    options = parser.parse_args()
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    uri = os.environ.get(URI_VARIABLE)
    try:
        done = follow(SweepFolder(options.folder), uri=uri, experiment=options.experiment, drain=options.drain)
    except MorphogeneticError as error:
        logging.error("%s", error)
        return IMPOSSIBLE
    return 0 if done else NOT_ALL_SENT


if __name__ == "__main__":
    sys.exit(main())
