"""A report uploaded to a real S3 server, and the local files when the server is unreachable."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.reports.formats.upload import export_to
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.cli.conftest import Command, command
from tests.conftest import StartSweep
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs
from tests.sinks.mlflow.server_process import free_port
from tests.waiting import DEADLINE_SECONDS

__all__ = ["command"]

SWEEP = """\
experiment: {workload: "toy:quadratic"}
parameters: {x: [-1, 2, 3]}
execution: {max_parallel: 1}
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[SeaweedServer]:
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def address(s3: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test's own folder in the store, for one who may write."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{tmp_path.name}/reports/"


@pytest.fixture
def sweep(start: StartSweep) -> SweepFolder:
    folder = start(SWEEP)
    run_sweep(folder)
    return folder


def test_a_report_is_uploaded_and_its_links_download(sweep: SweepFolder, address: str, command: Command) -> None:
    where = ["--sweep-id", sweep.sweep_id, "--results", "results", "--to", address]
    options = ["report", "export", "--format", "csv", *where]
    ran = command(*options)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [f"{address}trials.csv", f"{address}epochs.csv"]
    stored = open_store(address).read_bytes("trials.csv")
    assert stored == (sweep.path / "report" / "trials.csv").read_bytes()

    ran = command(*options, "--link", "--link-hours", "1")
    with urllib.request.urlopen(ran.out.splitlines()[0], timeout=DEADLINE_SECONDS) as answer:
        assert answer.read() == stored
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_the_files_stay_when_the_store_is_gone(
    sweep: SweepFolder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match=r"cannot be reached; the files are in results/.*/report$"):
        export_to(ReportedSweep(sweep), ["csv"], address, patience=0.5)
    assert (sweep.path / "report" / "trials.csv").exists()


def test_one_who_may_not_write_is_told_in_one_line(
    sweep: SweepFolder, address: str, s3: SeaweedServer, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    for name, value in s3.reader_environment.items():
        monkeypatch.setenv(name, value)
    ran = command("report", "export", "--sweep-id", sweep.sweep_id, "--results", "results", "--to", address)
    assert ran.status == 2 and "no permission; the files are in" in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["path", "file://"])
def test_a_folder_is_an_address_too(sweep: SweepFolder, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "else where"
    places = export_to(ReportedSweep(sweep), ["csv"], str(folder) if kind == "path" else folder.as_uri())
    assert places == [str(folder / "trials.csv"), str(folder / "epochs.csv")]
    assert (folder / "trials.csv").exists() and not (sweep.path / "report").exists()
    assert export_to(ReportedSweep(sweep), ["csv"], str(folder), link_seconds=60)[0] == (folder / "trials.csv").as_uri()
