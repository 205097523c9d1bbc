"""The tasks of the pipelines, by the names that Kubeflow Pipelines gives them and by those that people see."""

TITLES = {
    "sweep": "sweep on Katib",
    "local-sweep": "sweep in one pod",
    "train": "train the best",
    "train-2": "train the defaults",
    "evaluate": "evaluate",
    "report": "report",
    "failure-report": "report if it failed",
}
"""In the order in which they run."""
