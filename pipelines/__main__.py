"""The command line of the pipelines."""

import sys

from morphogenetic_engine.cli.main import run
from pipelines.cli import pipelines

if __name__ == "__main__":
    sys.exit(run(pipelines, name="pipelines"))
