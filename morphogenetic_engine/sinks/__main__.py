"""`python -m morphogenetic_engine.sinks SINK FOLDER`: forwards the journal of the sweep in FOLDER to a sink.

Started by `JournalForwarder`. Ends at the end of the session, of the standard input, or at SIGTERM. Exit status: 0
everything was sent, 1 some events were not, 2 nothing can be sent.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from morphogenetic_engine.sweeps.run.parent_watch import watch_parent

REQUEST_SECONDS = 5.0


def main() -> int:
    """Forwards the journal, and returns the exit status."""
    watch_parent()
    # Imports take seconds, in which the parent may end.
    # pylint: disable=import-outside-toplevel
    from morphogenetic_engine.sinks.forwarder_process import exit_status, follow
    from morphogenetic_engine.sinks.journal_forwarder import ADDRESS_VARIABLE, DRAIN_SECONDS
    from morphogenetic_engine.sinks.sink import load_sink
    from morphogenetic_engine.sweeps.record.folder import SweepFolder

    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("sink", help="the sink's name in the registry")
    parser.add_argument("folder", type=Path, help="the sweep's folder")
    parser.add_argument("--drain", type=float, default=DRAIN_SECONDS, help="seconds to send the rest at the end")
    options = parser.parse_args()
    folder, address = SweepFolder(options.folder), os.environ.get(ADDRESS_VARIABLE)

    def work() -> bool:
        sink = load_sink(options.sink)
        destination = sink.destination(folder, folder.read_info(), address)
        return follow(
            folder,
            lambda: sink.open(folder, destination, patience=REQUEST_SECONDS),
            lock=folder.path / f"{destination.files}.lock",
            drain=options.drain,
        )

    return exit_status(work, address=address or "")


if __name__ == "__main__":
    sys.exit(main())
