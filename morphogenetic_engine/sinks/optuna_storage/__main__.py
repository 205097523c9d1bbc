"""`python -m morphogenetic_engine.sinks.optuna_storage FOLDER`: show the sweep in FOLDER in its Optuna storage.

Started by `storage_follower`. Ends at the end of the session, of the standard input, or at SIGTERM. Exit status: 0 all
is sent, 1 something is not, 2 it cannot be done at all.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing

from morphogenetic_engine.sinks import forwarder_process as process
from morphogenetic_engine.sinks.optuna_storage.forwarder import ADDRESS_VARIABLE
from morphogenetic_engine.sinks.optuna_storage.mirror import Mirror
from morphogenetic_engine.sinks.optuna_storage.sync_state import only_mirror
from morphogenetic_engine.sweeps.record.folder import SweepFolder


def main() -> int:
    """Follow, and return the exit status."""
    options = process.arguments(__package__, __doc__).parse_args()
    folder, address = SweepFolder(options.folder), os.environ.get(ADDRESS_VARIABLE)

    def work() -> bool:
        with closing(Mirror(folder, address)) as mirror:
            return process.follow(folder, lambda: mirror, turn=lambda: only_mirror(folder), drain=options.drain)

    return process.exit_status(work, address=address or "")


if __name__ == "__main__":
    sys.exit(main())
