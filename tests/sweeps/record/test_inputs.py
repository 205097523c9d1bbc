"""The input files of trials: recorded when a sweep begins, compared when it is resumed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config import identity_of
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.preflight import check_sweep
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep
from tests.conftest import StartSweep, WriteConfig
from tests.sweeps.record.earlier import info_of_format_1

SWEEP = """\
experiment: {command: [python3, -c, "print('score=' + open('{table}').read())", "{x}"], inputs: {table: numbers.txt}}
parameters: {x: [1, 2]}
optimization: {target_metric: score}
"""
SCALED = """\
from pathlib import Path

def train(params, trial):
    return {"val_acc": params["x"] * float(Path(params["table"]).read_text())}
"""


def test_inputs_are_parameters_and_their_hashes_are_recorded(workplace: Path, start: StartSweep) -> None:
    (workplace / "numbers.txt").write_text("7", encoding="ascii")
    folder = start(SWEEP)
    assert run_sweep(folder) is Outcome.FINISHED
    result = read_result(folder)
    assert [trial.metrics["score"] for trial in result.trials] == [7.0, 7.0]
    assert all(trial.params["table"] == "numbers.txt" for trial in result.trials)
    recorded = result.info.inputs["table"]
    assert (recorded.path, recorded.sha256, recorded.size) == ("numbers.txt", hashlib.sha256(b"7").hexdigest(), 1)


def test_a_sweep_whose_input_has_changed_does_not_go_on(workplace: Path, start: StartSweep) -> None:
    (workplace / "numbers.txt").write_text("7", encoding="ascii")
    folder = start(SWEEP)
    run_sweep(folder)
    (workplace / "numbers.txt").write_text("8", encoding="ascii")
    changed = r"numbers\.txt has changed since the sweep began \(sha256 7902699be42c"
    with pytest.raises(SweepError, match=changed):
        run_sweep(folder)
    with pytest.raises(SweepError, match=changed):
        confirm_sweep(folder, top=1, seeds=1)
    (workplace / "numbers.txt").unlink()
    with pytest.raises(ConfigError, match=r"experiment\.inputs\.table: there is no file numbers\.txt"):
        run_sweep(folder)
    (workplace / "numbers.txt").write_text("7", encoding="ascii")
    assert run_sweep(folder) is Outcome.FINISHED


def test_a_missing_input_is_named_before_anything_is_made(write_config: WriteConfig) -> None:
    file = write_config(SWEEP)
    with pytest.raises(
        ConfigError, match=r"^sweep\.yaml: experiment\.inputs\.table: there is no file numbers\.txt \(looked in .*\)$"
    ):
        check_sweep(file, watch_seconds=0)


def test_a_missing_input_leaves_no_folder(workplace: Path, start: StartSweep) -> None:
    with pytest.raises(ConfigError, match=r"^sweep\.yaml: experiment\.inputs\.table: there is no file"):
        start(SWEEP)
    assert not (workplace / "results").exists()


def test_a_name_is_given_once(write_config: WriteConfig) -> None:
    with pytest.raises(ConfigError, match="inputs: table is given a second time"):
        write_config("experiment: {inputs: {table: a}, table: b}\nparameters: {lr: [1, 2]}\n")
    with pytest.raises(ConfigError, match="experiment gives table too"):
        write_config("experiment: {inputs: {table: a}}\nparameters: {table: [b, c]}\n")


def test_a_folder_of_an_earlier_version_is_read(start: StartSweep) -> None:
    folder = start("experiment: {workload: 'toy:quadratic'}\nparameters: {x: [1, 2]}\n")
    written = json.loads(info_of_format_1(folder.info.read_bytes()))
    del written["inputs"], written["config"]["experiment"]["inputs"]
    written["identity"] = identity_of(written["config"])
    folder.info.write_text(json.dumps(written), encoding="utf-8")
    assert not folder.read_info().inputs


@pytest.mark.parametrize("copied", [False, True])
def test_a_project_that_was_moved_or_copied_goes_on_with_its_own_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    monkeypatch.chdir(old)
    (old / "numbers.txt").write_text("2\n", encoding="ascii")
    (old / "scale.py").write_text(SCALED, encoding="utf-8")
    (old / "sweep.yaml").write_text(
        'experiment: {workload: "scale:train", inputs: {table: numbers.txt}}\nparameters: {x: [1, 2, 3]}\n'
        "execution: {max_parallel: 1}\n",
        encoding="utf-8",
    )
    run_sweep(
        start_sweep(
            read_config(Path("sweep.yaml"), {"optimization.n_trials": 1}), results=Path("results"), sweep_id="s"
        )
    )
    shutil.copytree(old, new)
    if copied:
        (old / "numbers.txt").write_text("3\n", encoding="ascii")
    else:
        shutil.rmtree(old)
    monkeypatch.chdir(new)
    folder = continue_sweep("s", results=Path("results"), overrides={"optimization.n_trials": 3})
    run_sweep(folder)
    assert [trial.metrics["val_acc"] for trial in read_result(folder).trials] == [2.0, 4.0, 6.0]


def test_a_missing_input_of_a_moved_project_is_told_with_the_place_that_was_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=rf"there is no file numbers\.txt \(looked in {tmp_path}\)$"):
        read_inputs({"table": "numbers.txt"}, Path.cwd(), "sweep.yaml")
    with pytest.raises(ConfigError, match="there is no file /nowhere/numbers.txt$"):
        read_inputs({"table": "/nowhere/numbers.txt"}, Path.cwd(), "sweep.yaml")
