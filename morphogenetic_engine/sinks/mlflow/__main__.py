"""`python -m morphogenetic_engine.sinks.mlflow FOLDER`: follow the journal of the sweep in FOLDER and send it to MLflow.

Started by `Follower`. Ends at the end of the session, of the standard input, or at SIGTERM. Exit status: 0 all is
sent, 1 something is not, 2 it cannot be done at all.
"""

from __future__ import annotations

import os
import sys

from morphogenetic_engine.sinks import forwarder_process as process
from morphogenetic_engine.sinks.mlflow.client import quiet_mlflow
from morphogenetic_engine.sinks.mlflow.forwarder import URI_VARIABLE
from morphogenetic_engine.sinks.mlflow.publisher import Publisher
from morphogenetic_engine.sinks.mlflow.sync_state import only_publisher
from morphogenetic_engine.sweeps.record.folder import SweepFolder

REQUEST_SECONDS = 5.0


def main() -> int:
    """Follow, and return the exit status."""
    parser = process.arguments(__package__, __doc__)
    parser.add_argument("--experiment", help="MLflow's experiment; left out: as the sweep file says")
    options = parser.parse_args()
    folder, uri = SweepFolder(options.folder), os.environ.get(URI_VARIABLE)

    def work() -> bool:
        with quiet_mlflow(REQUEST_SECONDS):
            return process.follow(
                folder,
                lambda: Publisher(folder, uri=uri, experiment=options.experiment),
                turn=lambda: only_publisher(folder),
                drain=options.drain,
            )

    return process.exit_status(work, address=uri or "")


if __name__ == "__main__":
    sys.exit(main())
