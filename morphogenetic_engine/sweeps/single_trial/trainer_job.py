"""A trial that is a TrainJob of an OptimizationJob: its parameters come and its metrics go as Kubeflow Trainer has it.

Trainer keeps the last status of a TrainJob, and no curve. So a trial tells it once, when it is complete.

Sources: the controllers of kubeflow/trainer (August 2026), proposals 2605 and 2779.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib import error, request

from morphogenetic_engine.errors import ClusterError, ConfigError
from morphogenetic_engine.metric_names import decoded

PARAMETER_CHARACTERS = re.compile(r"[A-Za-z0-9_]")
"""The characters of a parameter's name; others are encoded."""
PREFIX = "KUBEFLOW_TRAINER_OPT_"
SERVER, CERTIFICATE, TOKEN = (f"KUBEFLOW_TRAINER_SERVER_{each}" for each in ("URL", "CA_CERT", "TOKEN"))
ATTEMPTS, SECONDS, LONGEST_NAME = 8, 10.0, 64
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})


def parameters_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the values that an OptimizationJob gives a trial, by the names of the sweep.

    Raises:
        ConfigError: there are none.
    """
    found = {
        decoded(name.removeprefix(PREFIX)): value for name, value in environment.items() if name.startswith(PREFIX)
    }
    if not found:
        raise ConfigError(f"{PREFIX}...: no such environment variable is set: the trial is none of an OptimizationJob")
    return found


def check_told() -> None:
    """Checks that the cluster takes metrics of the trial, before it runs.

    Raises:
        ConfigError: it does not.
    """
    missing = next((name for name in (SERVER, CERTIFICATE, TOKEN) if not os.environ.get(name)), None)
    if missing is not None:
        raise ConfigError(
            f"{missing}: the environment variable is not set, so the trial could not tell its objective: switch on"
            " Kubeflow Trainer's feature gate TrainJobStatus"
        )


def tell_trainer(metrics: Mapping[str, float], *, pause: Callable[[float], object] = time.sleep) -> None:
    """Tells Kubeflow Trainer the metrics of a complete trial.

    Raises:
        ClusterError: Trainer refuses, or cannot be reached.
    """
    body, server = json.dumps({"trainerStatus": _status(metrics)}).encode(), os.environ[SERVER]
    trouble: Exception | None = None
    for attempt in range(ATTEMPTS):
        if trouble is not None:
            pause(min(SECONDS, 0.5 * 2**attempt))
        try:
            _post(server, body)
            return
        except error.HTTPError as refused:
            with refused:
                told = refused.read().decode(errors="replace").strip()
            if refused.code < HTTPStatus.INTERNAL_SERVER_ERROR and refused.code not in _BUSY:
                raise ClusterError(f"{server}: {refused.code}: {told or refused.reason}") from refused
            trouble = refused
        except OSError as lost:
            trouble = lost
    raise ClusterError(f"{server}: the objective could not be told: {trouble}") from trouble


def _post(server: str, body: bytes) -> None:
    """Sends one request; the token is read each time, because Kubernetes renews it."""
    token = Path(os.environ[TOKEN]).read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    context = ssl.create_default_context(cafile=os.environ[CERTIFICATE]) if server.startswith("https:") else None
    sent = request.Request(server, data=body, headers=headers, method="POST")
    with request.urlopen(sent, timeout=SECONDS, context=context) as answer:
        answer.read()


def _status(metrics: Mapping[str, float]) -> dict[str, object]:
    return {
        "progressPercentage": 100,
        "metrics": [{"name": name[:LONGEST_NAME], "value": repr(value)} for name, value in metrics.items()],
        "lastUpdatedTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
