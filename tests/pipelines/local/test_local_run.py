"""The smoke pipeline on this machine: its processes, its files, its report in a real object store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config_file import config_from, read_config
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialStarted
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.trial import declaration_of
from morphogenetic_engine.workload.loading import load_workload
from pipelines.local.local_run import HERE, LocalRun, run_here
from pipelines.plan import ObjectStore, Pipeline, Plan
from tests.backends.dask.process_kubelet import pods_as_processes
from tests.seaweedfs import BUCKET, running_seaweedfs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


def test_the_smoke_pipeline_runs_and_its_report_lands_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        address = f"s3://{BUCKET}/pipelines"
        config = read_config(ROOT / "examples" / "smoke.yaml").config
        ended = run_here(Plan(Pipeline.LOCAL_SWEEP, config, HERE, ObjectStore(address)), tmp_path, tell=lines.append)
        assert ended.succeeded, ended.log.read_text(encoding="utf-8")
        run_id = ended.report.removeprefix(f"{address}/reports/").removesuffix("/index.html")
        store = open_store(address)
        page = store.read_bytes(f"reports/{run_id}/index.html").decode()
        evaluation = json.loads(store.read_bytes(f"reports/{run_id}/evaluation.json"))
        kept = {each.name.removeprefix(f"sweeps/{run_id}/") for each in store.list(f"sweeps/{run_id}")}
        assert kept >= {"journal.jsonl", *(f"trials/{number}/model.pt" for number in range(4))}
        best = evaluation["training"]["trial"]
        (tmp_path / "kept").mkdir()
        store.get_file(f"sweeps/{run_id}/trials/{best}/model.pt", tmp_path / "kept" / "model.pt")
    assert lines[-1] == "failure-report: succeeded"
    assert page.count('id="evaluation"') == 1 and "Confusion matrix of the test split" in page
    # the best trial, trained again in a component, is what the sweep's worker found
    again, found = evaluation["training"]["metrics"], evaluation["training"]["found"]
    assert {**again, "runtime": 0} == {**found, "runtime": 0}
    assert [each["baseline"] for each in evaluation["comparisons"]] == ["frequent_class", "defaults"]
    # and so is the model that its worker sent to the store
    assert accuracy_on_the_test_split(evaluation["training"], tmp_path / "kept") == found["test_acc"]


def accuracy_on_the_test_split(training: dict[str, Any], model: Path) -> float:
    models = declaration_of(load_workload(training["workload"])).models
    assert models is not None
    predicted = models.predictions(training["params"], training["seed"], model)
    return float((predicted.test_p_NC.argmax(axis=1) == predicted.test_y_N).mean())


def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: dict[str, object]) -> tuple[LocalRun, list[str]]:
    lines: list[str] = []
    (tmp_path / "broken.py").write_text("def train(params, trial):\n    raise ValueError('<b>no luck</b>')\n")
    monkeypatch.chdir(tmp_path)
    plan = Plan(Pipeline.LOCAL_SWEEP, config_from(written, where="x").config, HERE)
    return run_here(plan, tmp_path / "run", tell=lines.append), lines


def test_a_sweep_that_fails_is_reported_with_its_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[str, object] = {"experiment": {"workload": "broken:train"}, "parameters": {"x": [1, 2]}}
    ended, lines = failing(tmp_path, monkeypatch, written)
    assert not ended.succeeded
    assert any(line.startswith("local-sweep: failed: local_sweep: sweep ") for line in lines)
    page = Path(ended.report).read_text(encoding="utf-8")
    assert "The pipeline failed (FAILED)" in page
    assert "&lt;b&gt;no luck&lt;/b&gt;" in page and "<b>no luck" not in page
    assert page.index('id="ending"') < page.index('id="findings"')


def test_a_run_that_fails_before_its_first_trial_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[str, object] = {"experiment": {"workload": "missing:train"}, "parameters": {"x": [1]}}
    ended, _ = failing(tmp_path, monkeypatch, written)
    assert not ended.succeeded
    assert "The pipeline failed (FAILED)" in Path(ended.report).read_text(encoding="utf-8")


def test_the_trials_of_a_pipeline_run_in_warm_pods_each_in_less_than_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = yaml.safe_load((ROOT / "examples" / "smoke.yaml").read_text(encoding="utf-8"))
    written |= {"sweep_type": "random", "parameters": {"lr": {"low": 1e-3, "high": 1e-2, "log": True}}}
    written["optimization"] |= {"n_trials": 40, "lookahead": 2}
    pods = {"workers": 2, "claims": {"sweeps": str(tmp_path / "volume")}}
    written["execution"] = {"executor": "dask", "fuse": "off", "dask": {"interface": "lo", "kubernetes": pods}}
    lines: list[str] = []
    with pods_as_processes(tmp_path, monkeypatch) as kubernetes:
        plan = Plan(Pipeline.LOCAL_SWEEP, config_from(written, where="x").config, HERE)
        ended = run_here(plan, tmp_path / "run", tell=lines.append)
        assert ended.succeeded, ended.log.read_text(encoding="utf-8")
        assert kubernetes.left() == []
    assert 'id="evaluation"' in Path(ended.report).read_text(encoding="utf-8")
    found = list(read_events(next((tmp_path / "run").rglob("journal.jsonl"))))
    begun = {event.trial: event.time for event in found if isinstance(event, TrialStarted)}
    trained = sum(event.duration for event in found if isinstance(event, TrialEnded))
    span = max(event.time for event in found if isinstance(event, TrialEnded)) - min(begun.values())
    overhead = (2 * span - trained) / len(begun)
    print(f"\na trial of a pipeline in warm pods: {overhead:.3f} s beside {trained / len(begun):.3f} s of training")
    assert len(begun) == 40 and overhead < 1
