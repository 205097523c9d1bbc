"""The nightly sweep: exactly one schedule of a name, whatever call fails."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError, StoreError
from pipelines.client.schedule import checked_cron, schedule
from pipelines.client.server import PipelinesServer, WantedRun
from tests.pipelines.client.stub_server import Failure, StubServer

PACKAGE = "pipelineInfo: {name: one}\n"


def scheduled(server: PipelinesServer, cron: str = "0 0 2 * * *", name: str = "nightly") -> int:
    return schedule(server, WantedRun(PACKAGE), name=name, experiment="sweeps", cron=cron, service_account=None)[1]


def test_a_schedule_runs_one_at_a_time_and_makes_up_for_nothing(stub: StubServer, server: PipelinesServer) -> None:
    assert scheduled(server) == 0
    made = stub.recurring[0]
    assert made["trigger"] == {"cron_schedule": {"cron": "0 0 2 * * *"}}
    assert (made["no_catchup"], made["max_concurrency"], made["mode"]) == (True, "1", "ENABLE")


def test_a_schedule_replaces_those_of_its_name(stub: StubServer, server: PipelinesServer) -> None:
    scheduled(server)
    scheduled(server, name="other")
    assert scheduled(server, "0 30 3 * * 1") == 1
    assert [(each["display_name"], each["trigger"]["cron_schedule"]["cron"]) for each in stub.recurring] == [
        ("other", "0 0 2 * * *"),
        ("nightly", "0 30 3 * * 1"),
    ]


def test_a_schedule_that_cannot_be_made_leaves_the_old_one(stub: StubServer, server: PipelinesServer) -> None:
    scheduled(server)
    stub.failures.append(Failure("POST /recurringruns", 400, "no"))
    with pytest.raises(StoreError, match=r"the recurring run cannot be created: refused \(400\): no"):
        scheduled(server, "0 0 4 * * *")
    assert [each["trigger"]["cron_schedule"]["cron"] for each in stub.recurring] == ["0 0 2 * * *"]


@pytest.mark.parametrize("cron", ["0 0 2 * * *", "0 */15 8-18 ? * MON-FRI", "0 0 0 1,15 * *"])
def test_cron_has_six_fields(cron: str) -> None:
    assert checked_cron(f"  {cron} ") == cron


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("0 2 * * *", "but got '0 2 * * *'; did you mean '0 0 2 * * *'?"),
        ("@daily", "but got '@daily'"),
        ("0 0 2 * * $(x)", "--cron: day of week: must be a number, a range, a list or *, but got '$(x)'"),
    ],
)
def test_what_is_no_cron_is_refused(cron: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_cron(cron)
    assert str(caught.value).endswith(message)
