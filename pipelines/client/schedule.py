"""Schedules recurring runs: a new schedule replaces the earlier ones of the same name."""

import re

from morphogenetic_engine.errors import ConfigError
from pipelines.client.runs import RecurringRun
from pipelines.client.server import PipelinesServer, WantedRun

_FIELDS = ("seconds", "minutes", "hours", "day of month", "month", "day of week")
_FIELD = re.compile(r"[\d*/,?A-Za-z-]+")


def checked_cron(text: str) -> str:
    """Returns a cron expression of Kubeflow Pipelines: six fields, seconds first.

    Raises:
        ConfigError: it has another number of fields, or an invalid one.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        hint = f"; did you mean '0 {' '.join(fields)}'?" if len(fields) == 5 else ""
        raise ConfigError(f"--cron: must have six fields ({', '.join(_FIELDS)}), but got {text!r}{hint}")
    for name, field in zip(_FIELDS, fields, strict=True):
        if _FIELD.fullmatch(field) is None:
            raise ConfigError(f"--cron: {name}: must be a number, a range, a list or *, but got {field!r}")
    return " ".join(fields)


def schedule(
    server: PipelinesServer, wanted: WantedRun, *, name: str, experiment: str, cron: str, service_account: str | None
) -> tuple[RecurringRun, int]:
    """Creates a recurring run that replaces those of the same name; returns it and the number of replaced ones.

    The new one is created before the old ones are deleted, so an error leaves at least one schedule.

    Raises:
        StoreError: the server refuses, or cannot be reached.
    """
    experiment_id = server.experiment(experiment)
    before = server.recurring_runs(experiment_id, name)
    made = server.repeat(wanted, name=name, experiment_id=experiment_id, cron=cron, service_account=service_account)
    for old in before:
        server.forget(old)
    return made, len(before)
