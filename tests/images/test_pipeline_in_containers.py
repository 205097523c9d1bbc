"""The smoke pipeline on this machine, each component in a container of the image that a cluster would give it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config_file import config_from, read_config
from pipelines.local.container_engine import container_engine
from pipelines.local.local_run import LocalRun, run_here
from pipelines.plan import Images, ObjectStore, Pipeline, Plan
from tests.seaweedfs import BUCKET, running_seaweedfs

ROOT = Path(__file__).parents[2]
IMAGES = Images(os.environ.get("TRAIN_IMAGE", ""), os.environ.get("REPORT_IMAGE", ""))
pytestmark = pytest.mark.skipif(
    not (IMAGES.train and IMAGES.report), reason="TRAIN_IMAGE or REPORT_IMAGE is not set: make test-images"
)


def test_the_smoke_pipeline_runs_and_its_report_lands_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"s3://{BUCKET}/containers"
    config = read_config(ROOT / "examples" / "smoke.yaml").config
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        ended = run_here(Plan(Pipeline.LOCAL_SWEEP, config, IMAGES, ObjectStore(address)), tmp_path, tell=print)
        assert ended.succeeded, ended.log.read_text(encoding="utf-8")
        name = ended.report.removeprefix(f"{address}/")
        page = open_store(address).read_bytes(name).decode()
        evaluation = json.loads(open_store(address).read_bytes(name.replace("index.html", "evaluation.json")))
    assert page.count('id="evaluation"') == 1
    assert server.environment["AWS_SECRET_ACCESS_KEY"] not in ended.log.read_text(encoding="utf-8")
    again, found = evaluation["training"]["metrics"], evaluation["training"]["found"]
    assert {**again, "runtime": 0} == {**found, "runtime": 0}


def test_without_a_store_all_of_it_is_in_the_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ended = failing(tmp_path)
    page = Path(ended.report)
    assert not ended.succeeded and page.is_relative_to(tmp_path)
    assert "The pipeline failed (FAILED)" in page.read_text(encoding="utf-8")
    assert re.search("local-sweep: failed: .*missing", capfd.readouterr().out)


def failing(folder: Path) -> LocalRun:
    """Runs a sweep whose workload is not in the image."""
    written: dict[str, object] = {"experiment": {"workload": "missing:train"}, "parameters": {"x": [1]}}
    return run_here(Plan(Pipeline.LOCAL_SWEEP, config_from(written, where="x").config, IMAGES), folder, tell=print)


@pytest.mark.parametrize("status", [0, 3])
def test_a_container_that_is_gone_at_once_still_has_its_exit_status(status: int) -> None:
    with container_engine([], {}) as engine:
        assert engine.run(IMAGES.report, ["sh", "-c", f"exit {status}"], {}, print) == status
        assert not [each for each in engine.client.containers.list(all=True) if IMAGES.report in each.image.tags]


def test_a_component_writes_to_the_folder_as_this_user_and_nowhere_else(tmp_path: Path) -> None:
    said: list[str] = []
    program = f'echo "$WORD" > {tmp_path}/file; touch /etc/file || echo refused; grep CapEff /proc/self/status'
    with container_engine([tmp_path], {"WORD": "hello"}) as engine:
        assert engine.run(IMAGES.report, ["sh", "-c", program], {"WORD": "overruled"}, said.append) == 0
    written = tmp_path / "file"
    assert (written.read_text(encoding="utf-8"), written.stat().st_uid) == ("hello\n", os.getuid())
    printed = "".join(said)  # what was complained of may come before or after what was printed
    assert "refused\n" in printed and re.search(r"CapEff:\s+0+\n", printed), printed
