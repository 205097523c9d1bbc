"""The component `local_sweep`: a killed attempt loses nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest

from morphogenetic_engine.reports.analysis.timeline import most_together, timeline_of
from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.configuration import compiled_settings
from morphogenetic_engine.steps.local_sweep import local_sweep
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from tests.backends.dask.process_kubelet import pods_as_processes
from tests.steps.conftest import parsed
from tests.tables import steady_rows

TOY = """
experiment: {workload: "toy:quadratic"}
parameters: {x: [0.1, 0.7, 0.3]}
execution: {max_parallel: 1}
"""


def swept(workplace: Path, results: str, text: str = TOY, compiled_for: str = "") -> SweepOutputs:
    folder = workplace / results
    return local_sweep(
        parsed(text).canonical_json,
        run_id="run-1",
        name="toy",
        storage=str(workplace / "store"),
        compiled_for=compiled_for,
        places=Places(str(folder), str(folder / "trials.csv"), str(folder / "trials.md")),
    )


def test_the_best_trial_and_the_table_are_handed_on(importable: Path) -> None:
    outputs = swept(importable, "first")
    best = Candidate.model_validate_json(outputs.best)
    result = read_result(SweepFolder(importable / "first" / "run-1"))
    assert result.best is not None and (best.trial, best.params) == (result.best.number, dict(result.best.params))
    assert outputs.metrics["trials_complete"] == 3 and outputs.metrics["best_trial"] == best.trial
    with (importable / "first" / "trials.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 3


@pytest.mark.parametrize(("setting", "together"), [("", 4), (", fuse: 2", 2), (", fuse: off", 1)])
def test_small_trials_train_together_in_the_pod(importable: Path, setting: str, together: int) -> None:
    """The component leaves `fuse` as the sweep file has it: `auto` where it says nothing."""
    text = f"""
experiment: {{problem_type: moons, n_samples: 120, hidden_dim: 16, num_layers: 1, warm_up_epochs: 9,
  adaptation_epochs: 0}}
parameters: {{lr: [0.001, 0.003, 0.01, 0.03]}}
execution: {{max_parallel: 1{setting}}}
"""
    swept(importable, "first", text)
    result = read_result(SweepFolder(importable / "first" / "run-1"))
    assert result.counts[TrialState.COMPLETE] == 4 and most_together(timeline_of(result).bars) == together


def test_the_artifact_has_no_lock_and_a_table_that_kubeflow_draws(importable: Path) -> None:
    swept(importable, "first")
    assert not list((importable / "first").rglob("*.lock"))
    table = (importable / "first" / "trials.md").read_text(encoding="utf-8").splitlines()
    assert table[0] == "| trial | state | val\\_acc | x |" and table[1] == "| --- | --- | --- | --- |"
    assert [line.split(" | ")[0] for line in table[2:]] == ["| 2", "| 0", "| 1"]  # the best first


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (TOY, False),
        (TOY.replace("0.7", "0.8"), False),
        (TOY + "resources: {gpu: 1}", True),
        (TOY.replace("{max_parallel: 1}", "{max_parallel: 1, timeout_per_trial: 9}"), True),
    ],
)
def test_a_configuration_that_was_edited_runs_edited_and_what_stays_is_said(
    importable: Path, capsys: pytest.CaptureFixture[str], edited: str, said: bool
) -> None:
    """The page of Kubeflow lets people edit the parameter `config`; pods and deadlines stay as compiled."""
    swept(importable, "first", edited, compiled_settings(parsed(TOY)))
    assert ("was edited after the pipeline was compiled" in capsys.readouterr().out) is said


def test_a_task_that_is_retried_goes_on_where_the_first_was_killed(
    importable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swept(importable, "first")
    kept = importable / "store" / "sweeps" / "run-1" / "journal.jsonl"
    lines = kept.read_bytes().splitlines(keepends=True)
    ended = [number for number, line in enumerate(lines) if orjson.loads(line)["event"] == "trial_ended"]
    kept.write_bytes(b"".join(lines[: ended[1] + 1]))  # what was kept when the pod went away
    again = swept(importable, "second")
    result = read_result(SweepFolder(importable / "second" / "run-1"))
    assert "goes on where an earlier attempt stopped" in capsys.readouterr().out
    assert len(result.sessions) == 2 and again.metrics["trials_complete"] == 3
    first = read_result(SweepFolder(importable / "first" / "run-1"))
    times = [[trial.started for trial in each.trials] for each in (first, result)]
    assert times[0][:2] == times[1][:2] and times[0][2] != times[1][2]


def test_a_sweep_of_failures_is_one_line_and_its_table_is_kept(importable: Path) -> None:
    (importable / "broken.py").write_text("def train(params, trial):\n    raise ValueError('no luck')\n")
    with pytest.raises(SystemExit, match=r"^local_sweep: sweep run-1: no trial is complete, so there is no best one$"):
        swept(importable, "first", TOY.replace("toy:quadratic", "broken:train"))
    assert (importable / "store" / "sweeps" / "run-1" / "journal.jsonl").is_file()
    assert (importable / "first" / "trials.csv").is_file()


def test_worker_pods_share_a_volume_from_which_the_sweep_comes_to_the_output(
    importable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept(importable, "here")
    pods = (
        "{executor: dask, dask: {interface: lo, kubernetes: {workers: 2,"
        f" claims: {{sweeps: {importable / 'volume'}}}}}}}}}\n"
    )
    with pods_as_processes(importable, monkeypatch) as kubernetes:
        outputs = swept(importable, "pods", TOY.replace("{max_parallel: 1}", pods.strip()))
        assert kubernetes.left() == []
    assert outputs.metrics["trials_complete"] == 3
    there, here = (SweepFolder(importable / results / "run-1") for results in ("pods", "here"))
    assert steady_rows(there) == steady_rows(here)
    assert not list((importable / "volume" / "pipelines").iterdir())
