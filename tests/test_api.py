"""The Python interface, with real worker processes: scripts, files, resuming, results."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import morphogenetic_engine as me
from morphogenetic_engine.cli.main import morphogenetic, run
from tests.waiting import DEADLINE_SECONDS, until

SPACE = {"x": me.Float(0, 1)}

SCRIPT = """
import sys
import time
from pathlib import Path

import morphogenetic_engine as me

PEAK = 0.3


def train(params, trial):
    for step in range(2):
        trial.report(step, {"score": -step - (params["x"] - PEAK) ** 2})
    while trial.number >= 3 and Path("hold").exists():
        time.sleep(0.01)
    return {"score": -((params["x"] - PEAK) ** 2) + params["layers"]}


result = me.sweep(
    train,
    {"x": me.Float(0, 1), "layers": [1, 2, 4]},
    objective="score",
    trials=6,
    sweep_type="random",
    parallel=2,
    sweep_id="mine",
)
print(result.id, len(result), result.best.params["layers"])
"""


def python(script: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script as a new user would: no guard around the call, and the worker processes are real."""
    path = cwd / "script.py"
    path.write_text(textwrap.dedent(script), encoding="utf-8")
    command = [sys.executable, path.name]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE_SECONDS, env=environment(), check=False
    )


def environment() -> dict[str, str]:
    """Returns this environment, in which the package is found wherever the tests are."""
    return {**os.environ, "PYTHONPATH": str(Path(me.__file__).parents[1])}


def table(sweep: Path) -> list[str]:
    """Returns the trial table without what depends on the clock and on kills."""
    lines = (sweep / "trials.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    kept = [place for place, name in enumerate(names) if name not in {"started", "duration", "runtime", "attempts"}]
    return [",".join(line.split(",")[place] for place in kept) for line in lines]


def quick(**given: object) -> me.Result:
    """Runs a small sweep of a workload that workers import by its name."""
    settings: dict[str, object] = {"trials": 3, "sweep_type": "random", "parallel": 1, "progress": False, **given}
    return me.sweep("toy:quadratic", SPACE, results="results", **settings)  # type: ignore[arg-type]


def test_all_names_are_pinned() -> None:
    assert me.__all__ == [
        "Choice",
        "Comparison",
        "ConfigError",
        "Confirmation",
        "Float",
        "Int",
        "Interrupted",
        "Metrics",
        "MorphogeneticError",
        "Params",
        "Pruned",
        "Result",
        "StoreError",
        "SweepError",
        "Trial",
        "TrialFailed",
        "TrialResult",
        "WorkloadError",
        "compare",
        "confirm",
        "declare",
        "load",
        "resume",
        "sweep",
    ]
    assert all(getattr(me, name) is not None for name in me.__all__)
    assert set(me.__all__) <= set(dir(me))
    with pytest.raises(AttributeError, match="has no attribute 'swep'"):
        getattr(me, "swep")


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys; import morphogenetic_engine; print(*sys.modules, sep='\\n')"
    # Without site: what its .pth files import (coverage's do) is not ours.
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    loaded = done.stdout.split()
    assert [name for name in loaded if name.startswith("morphogenetic_engine")] == ["morphogenetic_engine"]
    assert not {"numpy", "pydantic", "yaml", "rich", "orjson", "IPython", "inspect", "ast", "typing"} & set(loaded)


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once_and_its_folder_is_whole(tmp_path: Path) -> None:
    done = python(SCRIPT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "mine 6 4\n"
    assert "[6/6]" in done.stderr
    folder = tmp_path / "results/sweeps/mine"
    assert {"config.yaml", "sweep.json", "journal.jsonl", "trials.csv", "code", "report.html"} <= {
        path.name for path in folder.iterdir()
    }
    assert "PEAK = 0.3" in (folder / "code/sweep_source.py").read_text(encoding="utf-8")
    assert "def train(params, trial):" in (folder / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_same_call_goes_on_and_a_changed_function_is_refused(tmp_path: Path) -> None:
    assert python(SCRIPT, cwd=tmp_path).returncode == 0
    journal = (tmp_path / "results/sweeps/mine/journal.jsonl").read_text(encoding="utf-8")
    again = python(SCRIPT.replace("trials=6", "trials=7"), cwd=tmp_path)
    assert again.stdout == "mine 7 4\n", again.stderr
    more = (tmp_path / "results/sweeps/mine/journal.jsonl").read_text(encoding="utf-8")
    assert more.startswith(journal) and more.count('"trial_started"') == 7
    changed = python(SCRIPT.replace("PEAK = 0.3", "PEAK = 0.4"), cwd=tmp_path)
    assert changed.returncode == 1
    assert (
        "SweepError: sweep(): experiment.workload: its source has changed: line 6 is 'PEAK = 0.3' in this sweep,"
        " but got 'PEAK = 0.4'; a resumed sweep keeps its search: start a new one"
    ) in changed.stderr


@pytest.mark.slow
def test_a_killed_script_is_resumed_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hold").touch()
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "script.py"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as process:
        journal = tmp_path / "results/sweeps/mine/journal.jsonl"
        until(lambda: journal.exists() and journal.read_text(encoding="utf-8").count('"trial_ended"') >= 3)
        process.kill()
    (tmp_path / "hold").unlink()
    (tmp_path / "script.py").unlink()
    monkeypatch.chdir(tmp_path)
    assert run(morphogenetic, ["sweep", "resume", "--sweep-id", "mine"]) == 0
    result = me.load("mine")
    assert [trial.state for trial in result.trials] == ["complete"] * 6
    assert python(SCRIPT.replace('"mine"', '"whole"'), cwd=tmp_path).returncode == 0
    assert table(result.path) == table(tmp_path / "results/sweeps/whole")


@pytest.mark.slow
def test_ctrl_c_raises_and_leaves_a_sweep_that_goes_on(tmp_path: Path) -> None:
    (tmp_path / "hold").touch()
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "script.py"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        journal = tmp_path / "results/sweeps/mine/journal.jsonl"
        until(lambda: journal.exists() and journal.read_text(encoding="utf-8").count('"trial_ended"') >= 3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode != 0
    assert "Interrupted: sweep mine was interrupted after 3 trials; resume('results/sweeps/mine') goes on" in said
    assert "interrupted" in me.load(tmp_path / "results/sweeps/mine").state
    (tmp_path / "hold").unlink()
    assert python(SCRIPT, cwd=tmp_path).stdout == "mine 6 4\n"


@pytest.mark.slow
def test_the_yaml_of_a_result_is_the_same_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert python(SCRIPT, cwd=tmp_path).returncode == 0
    result = me.load("mine", results=tmp_path / "results/sweeps")
    assert "workload_source: |" in repr(result.config)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    Path("sweep.yaml").write_text(result.config, encoding="utf-8")
    again = me.sweep("sweep.yaml", parallel=1, progress=False)
    identities = [json.loads((each.path / "sweep.json").read_text())["identity"] for each in (result, again)]
    assert identities[0] == identities[1]
    assert table(again.path) == table(result.path)


@pytest.mark.slow
def test_a_module_that_sweeps_when_it_is_imported_does_not_run_again_in_its_workers(tmp_path: Path) -> None:
    (tmp_path / "study.py").write_text(
        "import morphogenetic_engine as me\n"
        "def train(params, trial):\n    return {'val_acc': params['x']}\n"
        "me.sweep(train, {'x': [1, 2]}, progress=False)\n",
        encoding="utf-8",
    )
    done = python("import study", cwd=tmp_path)
    assert done.returncode == 1
    assert 'workers import it: put the call under `if __name__ == "__main__":`' in done.stderr
    assert len(list((tmp_path / "results/sweeps").iterdir())) == 1


@pytest.mark.slow
def test_a_module_beside_a_script_that_was_started_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study/model.py").write_text("def score(x):\n    return x\n", encoding="utf-8")
    (tmp_path / "study/script.py").write_text(
        "import model\nimport morphogenetic_engine as me\n"
        "def train(params, trial):\n    return {'val_acc': model.score(params['x'])}\n"
        "me.sweep(train, {'x': [1, 2]}, progress=False)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "study/script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False)
    place = (tmp_path / "study").resolve()
    assert f"train: the module model is in {place}, where workers do not look; start Python in {place}" in done.stderr


@pytest.mark.usefixtures("workplace")
def test_a_result_has_its_trials_and_the_best_of_them() -> None:
    result = quick()
    assert len(result) == 3 and [trial.number for trial in result.trials] == [0, 1, 2]
    best = max(result.trials, key=lambda trial: trial.metrics["val_acc"])
    assert result.best == best and best.state == "complete"
    assert list(best.curve) == [0, 1, 2] and set(best.curve[0]) == {"val_acc"}
    assert best.duration > 0 and best.path == result.path / "trials" / str(best.number)
    assert result.id == result.path.name and result.state == "finished"
    assert repr(result).startswith(f"<Result {result.id}: finished, 3 complete of 3 trials, best val_acc=")
    assert str(result).splitlines()[1].startswith("Best: trial")
    with pytest.raises(TypeError, match="results cannot be changed"):
        best.params["x"] = 1
    assert json.loads(json.dumps(best.params)) == best.params == copy.deepcopy(best.params)
    assert me.load(result).trials == result.trials


@pytest.mark.usefixtures("workplace")
def test_without_a_complete_trial_there_is_no_best() -> None:
    result = me.sweep("toy:moody", {"mood": ["raise"]}, experiment={"x": 1}, progress=False)
    with pytest.raises(me.SweepError, match="no trial is complete, so none is the best .trial 0 failed: ZeroDivision"):
        assert result.best.number == 0
    assert repr(result).endswith("finished, 1 failed of 1 trials>")


@pytest.mark.usefixtures("workplace")
def test_pandas_gets_a_row_for_each_trial() -> None:
    frame = quick().to_pandas()
    assert list(frame["trial"]) == [0, 1, 2]
    assert {"x", "val_acc", "twice", "state", "duration"} <= set(frame.columns)


def test_the_report_is_written_where_it_is_asked_for(workplace: Path) -> None:
    result = quick()
    assert result.report() == result.path / "report.html"
    page = result.report(workplace / "page.html")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(me.ConfigError, match="path: must end in .html, but got 'page.pdf'"):
        result.report("page.pdf")


@pytest.mark.usefixtures("workplace")
def test_resume_takes_more_trials_and_names_or_paths() -> None:
    result = quick(sweep_id="one")
    more = me.resume("one", trials=5, results="results", progress=False)
    assert [trial.params for trial in more.trials][:3] == [trial.params for trial in result.trials]
    assert len(me.resume(more, trials=6, progress=False)) == 6
    assert len(me.load(result.path)) == 6
    with pytest.raises(me.SweepError, match="has no sweep 'on'; did you mean 'one'"):
        me.load("on", results="results")
    with pytest.raises(me.SweepError, match="nowhere/one: is not the folder of a sweep"):
        me.load("nowhere/one")


@pytest.mark.usefixtures("workplace")
def test_another_space_with_the_same_id_is_refused() -> None:
    quick(sweep_id="one")
    with pytest.raises(me.SweepError, match="sweep.*: optimization.seed: is 42 in this sweep, but got 7"):
        quick(sweep_id="one", seed=7)


@pytest.mark.slow
@pytest.mark.usefixtures("workplace")
def test_confirmation_runs_the_best_on_fresh_seeds() -> None:
    found = me.confirm(quick(), top=2, seeds=3, progress=False)
    assert len(found) == 2 and all(len(each.values) == 3 for each in found)
    assert found.best is not None and found.best.mean == max(each.mean or -1 for each in found)
    assert "val_acc over fresh seeds" in repr(found)
    assert "<td" in found._repr_html_()  # pylint: disable=protected-access  # the protocol of notebooks
    assert len(found.result.trials) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("workplace")
def test_comparison_says_whether_the_first_is_better() -> None:
    one, other = quick(seed=1), quick(seed=2)
    found = me.compare(one, other)
    assert found.metric == "val_acc"
    assert found.difference == pytest.approx(one.best.metrics["val_acc"] - other.best.metrics["val_acc"])
    assert found.verdict == "one seed only"
    assert f"{one.id} against {other.id}" in repr(found)
    trials = me.compare(one.trials[0], f"{other.id}:1", other.path, results="results")
    assert [each.trial for each in trials.report.candidates[:2]] == [0, 1]
    assert "against" in found._repr_html_()  # pylint: disable=protected-access  # the protocol of notebooks
    with pytest.raises(me.ConfigError, match="direction: must be one of maximize, minimize, but got 'up'"):
        me.compare(one, other, direction="up")


@pytest.mark.usefixtures("workplace")
def test_a_command_can_be_swept() -> None:
    command = [sys.executable, "-c", "print('val_acc={x}')"]
    result = me.sweep(command, {"x": range(1, 4)}, progress=False)
    assert [trial.metrics["val_acc"] for trial in result.trials] == [1, 2, 3]


@pytest.mark.usefixtures("workplace")
def test_progress_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    result = quick(progress=True)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert f"sweep {result.id} in {result.path}" in printed.err and "[3/3] trial 2  complete" in printed.err
