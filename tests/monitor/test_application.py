"""The responses of the monitor, over a real socket."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.monitor.application import OVER
from morphogenetic_engine.sweeps.record.events import (
    ConfirmationEnded,
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.monitor.conftest import Json, monitoring, received, received_until
from tests.monitor.stories import written
from tests.monitor.viewer import Viewer

TOKEN = "a-token-that-the-user-chose"
BEGUN: list[Event] = [
    SessionStarted(1.0, 1, "here", "0", 2),
    TrialStarted(2.0, 0, 0, 0, 2**62, {"x": 0.25}),
    TrialReported(3.0, 0, 0, 0, {"val_acc": 0.5}),
]
REST: list[Event] = [
    TrialStarted(3.0, 1, 0, 1, 8, {"x": 0.5}),
    TrialReported(4.0, 0, 0, 1, {"val_acc": 0.6}),
    TrialEnded(5.0, 0, 0, TrialState.COMPLETE, 3.0, {"val_acc": 0.7}),
    TrialEnded(5.0, 1, 0, TrialState.FAILED, 2.0, {}, FailureReason.EXCEPTION, "<script>alert(1)</script>"),
    SessionEnded(6.0, Outcome.FINISHED),
    ConfirmationEnded(7.0, 0, 0, 99, TrialState.COMPLETE, 1.0, {"val_acc": 0.65}),
]


def test_the_page_and_all_that_it_needs_come_from_here(folder: SweepFolder) -> None:
    with monitoring(folder) as monitor:
        page = monitor.ask("/")
        assert page.status == HTTPStatus.OK
        assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
        assert f'content="{monitor.access.token}"'.encode() in page.body
        assert b"http:" not in page.body and b"https:" not in page.body and b"style=" not in page.body
        for name in ("monitor.js", "monitor.css", "icon.svg"):
            assert monitor.ask(f"/static/{name}").status == HTTPStatus.OK
        assert monitor.ask("/static/../index.html").status == HTTPStatus.NOT_FOUND
        assert monitor.ask("/static/..%2findex.html").status == HTTPStatus.NOT_FOUND


def test_a_viewer_receives_what_there_is_and_then_what_happens(folder: SweepFolder) -> None:
    begun = written(BEGUN, folder.journal)
    with monitoring(folder) as monitor, monitor.watch() as socket:
        viewer = Viewer()
        viewer.take(received_until(socket, lambda message: message["offset"] == begun[-1]))
        assert viewer.rows[0][1] == "running"
        assert viewer.curves == {0: [(0, {"val_acc": 0.5})]}
        end = written(REST, folder.journal)[-1]
        while viewer.offset < end:
            viewer.take(received(socket))
        assert [row[1] for row in viewer.rows.values()] == ["complete", "failed"]
        assert not viewer.curves
        assert viewer.summary["best"] == 0


def test_a_viewer_that_comes_back_misses_nothing_even_from_another_process(folder: SweepFolder) -> None:
    written(BEGUN, folder.journal)
    with monitoring(folder) as monitor, monitor.watch() as socket:
        viewer = Viewer()
        viewer.take(received_until(socket, lambda message: bool(message["rows"])))
    written(REST, folder.journal)
    with monitoring(folder) as monitor:
        with monitor.watch(f"?journal={viewer.journal}&offset={viewer.offset}") as socket:
            message = received_until(socket, lambda message: message["offset"] == folder.journal.stat().st_size)
            assert message["sweep"] is None, "changes, not everything again"
            viewer.take(message)
        with monitor.watch() as socket:
            new = Viewer()
            new.take(received(socket))
    assert (viewer.rows, viewer.failures, viewer.summary) == (new.rows, new.failures, new.summary)


@pytest.mark.parametrize("query", ["?journal=other&offset=10", "?offset=-1", "?offset=%F0%9F", "?offset=9" + "0" * 40])
def test_a_viewer_that_knows_something_else_receives_everything(folder: SweepFolder, query: str) -> None:
    written(BEGUN, folder.journal)
    with monitoring(folder) as monitor, monitor.watch(query) as socket:
        assert cast(Json, received(socket)["sweep"])["sweep_id"] == folder.sweep_id


def test_a_journal_that_is_begun_anew_is_sent_anew(folder: SweepFolder) -> None:
    written([*BEGUN, *REST], folder.journal)
    with monitoring(folder) as monitor, monitor.watch() as socket:
        first = received_until(socket, lambda message: bool(message["rows"]))
        folder.journal.unlink()
        written([SessionStarted(100.0, 2, "here", "0", 2)], folder.journal)
        again = received_until(socket, lambda message: message["journal"] not in {"", first["journal"]})
        assert (again["rows"], again["since"], again["sweep"] is None) == ([], 0, False)


def test_a_damaged_journal_is_shown_up_to_the_damage(folder: SweepFolder) -> None:
    ends = written(BEGUN, folder.journal)
    with folder.journal.open("ab") as file:
        file.write(b"not an event\n")
    with monitoring(folder) as monitor, monitor.watch() as socket:
        message = received_until(socket, lambda message: bool(message["problem"]))
        assert f"a line at byte {ends[-1]} is not an event" in str(message["problem"])
        assert message["offset"] == ends[-1]


def test_at_the_end_of_the_sweep_each_viewer_receives_it_and_is_let_go(folder: SweepFolder) -> None:
    written(BEGUN, folder.journal)
    with monitoring(folder) as monitor, monitor.watch() as one, monitor.watch() as other:
        received(one)
        received(other)
        end = written(REST, folder.journal)[-1]
        monitor.leave()
        for socket in (one, other):
            last = received_until(socket, lambda message: message["over"] is True)
            assert (last["offset"], last["state"]) == (end, "finished")
            with pytest.raises(ConnectionClosed) as closed:
                received(socket)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == OVER


def test_a_trial_is_told_in_full(folder: SweepFolder) -> None:
    written([*BEGUN, *REST], folder.journal)
    with monitoring(folder) as monitor, monitor.watch() as socket:
        received_until(socket, lambda message: message["offset"] == folder.journal.stat().st_size)
        trial = orjson.loads(monitor.ask("/trials/0").body)
        assert trial["seed"] == str(2**62)
        assert trial["curve"] == [[0, {"val_acc": 0.5}], [1, {"val_acc": 0.6}]]
        assert trial["metrics"] == {"val_acc": 0.7}
        assert [each["seed"] for each in trial["confirmations"]] == ["99"]
        assert orjson.loads(monitor.ask("/trials/1").body)["message"] == "<script>alert(1)</script>"
        assert monitor.ask("/trials/7").status == HTTPStatus.NOT_FOUND
        assert monitor.ask("/trials/x").status == HTTPStatus.NOT_FOUND


def test_a_finished_sweep_tells_the_same_as_its_result(folder: SweepFolder) -> None:
    run_sweep(folder)
    with monitoring(folder) as monitor, monitor.watch() as socket:
        viewer = Viewer()
        viewer.take(received_until(socket, lambda message: message["state"] == "finished"))
        curves = [orjson.loads(monitor.ask(f"/trials/{number}").body)["curve"] for number in range(8)]
    assert [row[1] for row in viewer.rows.values()] == ["complete"] * 8
    assert [[step for step, _ in curve] for curve in curves] == [[0, 1, 2]] * 8


@pytest.mark.parametrize("path", ["/", "/trials/0", "/static/monitor.js"])
def test_a_foreign_name_for_this_machine_is_turned_away(folder: SweepFolder, path: str) -> None:
    with monitoring(folder) as monitor:
        assert monitor.ask(path, headers={"Host": "evil.example"}).status == HTTPStatus.MISDIRECTED_REQUEST
        assert monitor.ask(path, headers={"Host": "monitor.example"}).status != HTTPStatus.MISDIRECTED_REQUEST


def test_another_page_may_not_open_the_events(folder: SweepFolder) -> None:
    with monitoring(folder) as monitor:
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "null"}):
            with pytest.raises(InvalidStatus) as refused:
                monitor.watch(**headers)
            assert refused.value.response.status_code == HTTPStatus.FORBIDDEN
        with monitor.watch(Origin=f"http://127.0.0.1:{monitor.port}") as socket:
            assert received(socket)["state"] == "new"


def test_to_stop_takes_a_post_with_the_token_from_our_own_page(folder: SweepFolder) -> None:
    with monitoring(folder) as monitor:
        right = {"X-Monitor-Token": monitor.access.token}
        assert monitor.ask("/stop").status == HTTPStatus.METHOD_NOT_ALLOWED
        assert monitor.ask("/stop", method="POST").status == HTTPStatus.FORBIDDEN
        assert monitor.ask("/stop", method="POST", headers={"X-Monitor-Token": "wrong"}).status == HTTPStatus.FORBIDDEN
        foreign = {**right, "Origin": "http://evil.example"}
        assert monitor.ask("/stop", method="POST", headers=foreign).status == HTTPStatus.FORBIDDEN
        answer = monitor.ask("/stop", method="POST", headers=right)
        assert answer.status == HTTPStatus.CONFLICT
        assert orjson.loads(answer.body) == {"message": "no process runs this sweep"}


@pytest.mark.parametrize(("bound", "token"), [("0.0.0.0", None), ("127.0.0.1", TOKEN)])
def test_where_the_token_is_needed_nothing_is_shown_without_it(
    folder: SweepFolder, bound: str, token: str | None
) -> None:
    with monitoring(folder, bound=bound, token=token) as monitor:
        page = monitor.ask("/")
        assert (page.status, page.headers["location"]) == (HTTPStatus.SEE_OTHER, "login")
        assert monitor.ask("/login").status == HTTPStatus.OK
        assert monitor.ask("/trials/0").status == HTTPStatus.UNAUTHORIZED
        with pytest.raises(InvalidStatus):
            monitor.watch()
        assert monitor.ask("/login", method="POST", headers={"X-Monitor-Token": "no"}).status == HTTPStatus.FORBIDDEN
        entered = monitor.ask("/login", method="POST", headers={"X-Monitor-Token": monitor.access.token})
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie
        assert monitor.ask("/", headers={"Cookie": cookie.split(";")[0]}).status == HTTPStatus.OK
        with monitor.watch(Cookie=cookie.split(";")[0]) as socket:
            assert received(socket)["state"] == "new"
        with monitor.watch(Authorization=f"Bearer {monitor.access.token}") as socket:
            assert received(socket)["state"] == "new"
