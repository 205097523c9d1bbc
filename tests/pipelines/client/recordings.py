"""The responses of a real Kubeflow Pipelines 2.17, recorded call by call in `recorded/`."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pipelines.client.stub_server import StubServer

FOLDER = Path(__file__).with_name("recorded")


@dataclass(frozen=True)
class Call:
    """One call and its answer."""

    method: str
    path: str
    status: int
    answer: dict[str, Any]


def recorded(name: str) -> list[Call]:
    """Returns the calls of a recording: succeeded, failed, terminated or errors."""
    lines = gzip.decompress((FOLDER / f"{name}.jsonl.gz").read_bytes()).splitlines()
    calls = map(json.loads, lines)
    return [Call(each["method"], each["path"], each["status"], each["answer"]) for each in calls]


def looks(name: str) -> list[dict[str, Any]]:
    """Returns what each look at the run of a recording answered; pipeline and names are those of who asks."""
    answers = [call.answer for call in recorded(name) if call.method == "GET" and "run_id" in call.answer]
    left_out = {"pipeline_spec", "display_name", "experiment_id"}
    return [{key: value for key, value in answer.items() if key not in left_out} for answer in answers]


def replaying(name: str) -> StubServer:
    """Returns a server whose next run goes the way of a recording."""
    story = looks(name)
    return StubServer(story=story, run_ids=[story[0]["run_id"]])
