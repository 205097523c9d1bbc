"""`python -m morphogenetic_engine.monitor FOLDER --descriptor N`: serves the sweep in FOLDER on an open socket.

Started by `beside.py`, which passes the token in the environment. Exits at the end of its standard input.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.monitor.access import TOKEN_VARIABLE, Access
from morphogenetic_engine.monitor.listener import address_of
from morphogenetic_engine.monitor.server import serve
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.priority import LOW, lower_priority

IMPOSSIBLE = 2


def main() -> int:
    """Serves, and returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--descriptor", type=int, required=True, help="the number of the socket")
    parser.add_argument("--guarded", action="store_true", help="to look takes the token too")
    parser.add_argument("--allow-host", action="append", default=[], help="a name of this monitor")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal ends the sweep; the monitor stays to show that
    listener = socket.socket(fileno=options.descriptor)
    access = Access(
        token=os.environ[TOKEN_VARIABLE],
        guarded=options.guarded,
        hosts=frozenset(options.allow_host),
        cookie=f"morphogenetic_monitor_{address_of(listener)[1]}",
    )
    try:
        serve(
            SweepFolder(options.folder),
            listener,
            access,
            leave_with=sys.stdin.fileno(),
            then=lambda: lower_priority(os.getpid(), LOW),
        )
    except MorphogeneticError as error:
        logging.error("%s", error)
        return IMPOSSIBLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
