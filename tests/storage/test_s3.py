"""A real S3 server: access, messages about refusals, and outages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import obstore
import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import Store, open_store
from tests.seaweedfs import BUCKET, SECRET_KEY, SeaweedServer
from tests.sinks.mlflow.server_process import free_port
from tests.waiting import DEADLINE_SECONDS, until

Environment = Callable[[dict[str, str]], None]
SECONDS = 3.0


@pytest.fixture
def environment(no_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A function that sets variables in an environment that has none of S3's."""
    del no_credentials

    def set_all(variables: dict[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


def _refusal(store: Store, **kwargs: object) -> str:
    with pytest.raises(StoreError) as caught:
        store.put_bytes(b"x", "a/report.html", **kwargs)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "the access key is not known there (AWS_ACCESS_KEY_ID)"),
        ({"AWS_SECRET_ACCESS_KEY": "hush"}, "the secret key does not fit the access key (AWS_SECRET_ACCESS_KEY)"),
    ],
)
def test_a_wrong_key_is_named(
    s3: SeaweedServer, environment: Environment, changed: dict[str, str], reason: str
) -> None:
    environment({**s3.environment, **changed})
    store = open_store(f"s3://{BUCKET}")
    assert _refusal(store) == f"s3://{BUCKET}/a/report.html: cannot be written: {reason}"
    for call in (store.read_bytes, store.exists):
        with pytest.raises(StoreError, match=r"cannot be read: the (access|secret) key"):
            call("a/report.html")
    with pytest.raises(StoreError, match="cannot be listed: the (access|secret) key"):
        store.list()


def test_one_who_may_only_read_cannot_write(s3_folder: str, s3: SeaweedServer, environment: Environment) -> None:
    open_store(s3_folder).put_bytes(b"kept", "file")
    environment(s3.reader_environment)
    store = open_store(s3_folder)
    assert _refusal(store).endswith("a/report.html: cannot be written: no permission")
    assert store.read_bytes("file") == b"kept"
    assert [file.name for file in store.list()] == ["file"]


def test_a_missing_bucket_is_named(s3_environment: SeaweedServer) -> None:
    del s3_environment
    store = open_store("s3://no-such-bucket/folder")
    assert _refusal(store).endswith("folder/a/report.html: cannot be written: there is no bucket 'no-such-bucket'")
    for call in (store.read_bytes, store.exists, store.list):
        with pytest.raises(StoreError, match="there is no bucket 'no-such-bucket'"):
            call("a")


def test_keys_that_are_not_set_are_asked_for(environment: Environment) -> None:
    environment({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(StoreError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set"):
        open_store("s3://bucket")


def test_a_server_that_is_not_there_is_named_in_bounded_time(s3: SeaweedServer, environment: Environment) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    environment({**s3.environment, "AWS_ENDPOINT_URL": endpoint})
    began = time.monotonic()
    message = _refusal(open_store("s3://bucket", patience=1.0))
    assert message == f"s3://bucket/a/report.html: cannot be written: {endpoint} cannot be reached"
    assert time.monotonic() - began < DEADLINE_SECONDS


def test_a_server_that_does_not_answer_is_named(own_s3: SeaweedServer, environment: Environment) -> None:
    environment(own_s3.environment)
    with own_s3.frozen():
        message = _refusal(open_store(f"s3://{BUCKET}", patience=0.5))
    assert message.endswith(f"no answer in time from {own_s3.endpoint}")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("report.html", "text/html; charset=utf-8"),
        ("trials.csv", "text/csv; charset=utf-8"),
        ("report.pdf", "application/pdf"),
        ("trials.parquet", "application/octet-stream"),
    ],
)
def test_browsers_are_told_what_a_file_is(s3_folder: str, name: str, kind: str) -> None:
    store = open_store(s3_folder)
    store.put_bytes(b"x", name)
    with urllib.request.urlopen(store.link(name, seconds=60), timeout=DEADLINE_SECONDS) as answer:
        assert answer.headers["Content-Type"] == kind


def test_a_content_type_that_is_given_is_used(s3_folder: str) -> None:
    store = open_store(s3_folder)
    store.put_bytes(b"{}", "vega", content_type="application/vnd.vega.v5+json")
    with urllib.request.urlopen(store.link("vega", seconds=60), timeout=DEADLINE_SECONDS) as answer:
        assert answer.headers["Content-Type"] == "application/vnd.vega.v5+json"


def test_a_link_ends_and_shows_no_secret(s3_folder: str) -> None:
    store = open_store(s3_folder)
    store.put_bytes(b"x", "file")
    link = store.link("file", seconds=1)
    assert SECRET_KEY not in link
    until(lambda: _status(link) == 403, "end of the link")
    for seconds in (0, -1, 8 * 24 * 3600):
        with pytest.raises(StoreError, match="a link must hold for"):
            store.link("file", seconds=seconds)


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_a_server_gone_halfway_ends_in_one_line_and_the_file_stays(
    own_s3: SeaweedServer, environment: Environment, tmp_path: Path
) -> None:
    environment(own_s3.environment)
    source = _large(tmp_path)
    killer = Thread(target=_kill_halfway, args=[own_s3])
    killer.start()
    with pytest.raises(StoreError, match=r"large: cannot be written: .*(cannot be reached|was cut)"):
        open_store(f"s3://{BUCKET}", patience=1.0).put_file(source, "large")
    killer.join()
    assert source.stat().st_size == 96_000_000

    own_s3.start()
    store = open_store(f"s3://{BUCKET}")
    assert not store.exists("large")  # never a part of it
    store.put_file(source, "large")
    assert [(file.name, file.size) for file in store.list()] == [("large", 96_000_000)]


@pytest.mark.slow
def test_a_server_that_comes_back_gets_the_rest(
    own_s3: SeaweedServer, environment: Environment, tmp_path: Path
) -> None:
    environment(own_s3.environment)
    source = _large(tmp_path)

    def kill_and_start() -> None:
        _kill_halfway(own_s3)
        own_s3.start()

    other = Thread(target=kill_and_start)
    other.start()
    store = open_store(f"s3://{BUCKET}")
    store.put_file(source, "large")
    other.join()
    store.get_file("large", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


def _large(folder: Path) -> Path:
    path = folder / "large file"
    path.write_bytes(os.urandom(96_000_000))
    return path


def _kill_halfway(server: SeaweedServer) -> None:
    """Kills it once some of the file's parts are on its disk."""
    data = server.folder / "data"
    until(lambda: sum(file.stat().st_size for file in data.glob("*.dat")) > 20_000_000, "part of the file")
    server.kill()


def test_a_file_replaced_while_it_is_read_is_not_mixed(
    s3_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(s3_folder)
    store.put_bytes(b"a" * 20_000_000, "file")
    get = obstore.get
    asked = 0

    def replaced_meanwhile(*args: object, **kwargs: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 3:
            store.put_bytes(b"b" * 20_000_000, "file")
        return get(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(obstore, "get", replaced_meanwhile)
    with pytest.raises(StoreError, match="was replaced while it was read"):
        store.get_file("file", tmp_path / "copy")
    assert not list(tmp_path.iterdir())


_WAITING = """
import sys
from morphogenetic_engine.storage import open_store
print("waiting", flush=True)
open_store(sys.argv[1]).put_bytes(b"x", "file")
"""


def test_ctrl_c_ends_the_waiting_for_a_server(own_s3: SeaweedServer) -> None:
    command = [sys.executable, "-c", _WAITING, f"s3://{BUCKET}"]
    with own_s3.frozen():
        with subprocess.Popen(
            command, env={**os.environ, **own_s3.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() == b"waiting\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_SECONDS) == -signal.SIGINT
            assert b"KeyboardInterrupt" in process.stderr.read()
