"""The attempts that the workflow controller retries, by the expression that `make deploy` configures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.steps.ending import FINAL

DEFAULTS = Path(__file__).parents[2] / "manifests" / "third-party" / "kfp" / "workflow-defaults.yaml"


def strategy() -> dict[str, str]:
    config_map = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    defaults = yaml.safe_load(config_map["data"]["workflowDefaults"])
    found: dict[str, str] = defaults["spec"]["templateDefaults"]["retryStrategy"]
    return found


def retried(exit_code: int, message: str) -> bool:
    """Evaluates the expression: comparisons, `matches`, `&&`, `||` and `!` of expr-lang."""
    text = strategy()["expression"].replace("asInt(lastRetry.exitCode)", str(exit_code))
    text = re.sub(
        r'lastRetry\.message matches "([^"]*)"', lambda found: str(re.search(found[1], message) is not None), text
    )
    while "(" in text or len(text.split()) > 1:
        before = text
        text = re.sub(r"(-?\d+) > (-?\d+)", lambda found: str(int(found[1]) > int(found[2])), text)
        text = re.sub(r"\((True|False)\)", r"\1", text)
        text = re.sub(r"!(True|False)", lambda found: str(found[1] == "False"), text)
        text = re.sub(r"(True|False) \|\| (True|False)", lambda found: str("True" in found.groups()), text)
        text = re.sub(r"(True|False) && (True|False)", lambda found: str("False" not in found.groups()), text)
        assert text != before, f"the expression cannot be read: {text}"
    return text == "True"


@pytest.mark.parametrize(
    ("exit_code", "message", "again"),
    [
        (1, "main: Error (exit code 1)", True),
        (137, "main: OOMKilled (exit code 137)", True),
        (-1, "pod deleted", True),
        (-1, "Pod was terminated in response to imminent node shutdown.", True),
        (-1, "The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi.", True),
        (-1, "Preempted in order to admit critical pod", True),
        (-1, 'Internal error occurred: failed calling webhook "mutator.pod.katib.kubeflow.org"', True),
        (-1, "", False),  # a DAG
        (-1, "child 'morphogenetic-sweep-x-1' failed", False),
        (1, f"main: Error (exit code 1): sweep: config: is not valid JSON ({FINAL})", False),
        (137, "Pod was active on the node longer than the specified deadline", False),
    ],
)
def test_pods_are_retried_where_another_attempt_may_end_otherwise(exit_code: int, message: str, again: bool) -> None:
    assert retried(exit_code, message) is again


def test_failures_and_errors_are_looked_at_alike() -> None:
    assert (strategy()["retryPolicy"], strategy()["limit"]) == ("Always", "2")
