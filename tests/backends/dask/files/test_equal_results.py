"""A sweep whose workers see no shared folder has the tables and the trials' folders of one on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import DaskCluster
from tests.backends.dask.test_equal_tables import RISES, STRATEGIES
from tests.conftest import StartSweep
from tests.tables import steady_rows

WORKLOAD = """
from pathlib import Path
import shared

def train(params, trial):
    (trial.dir / "place").write_text(f"{Path.cwd()}\\n{trial.dir}\\n")
    print("trains", trial.number)
    step = trial.dir / "model" / "step"
    step.parent.mkdir(exist_ok=True)
    first = int(step.read_text()) if step.exists() else 0
    weights = trial.dir / "model" / "weights"
    scale = float(Path(params["data"]).read_text())
    for number in range(first, 9):
        weights.write_bytes(bytes([number]) * 100_000)
        (trial.dir / "new").write_text(str(number + 1))
        (trial.dir / "new").rename(step)
        latest = trial.dir / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to("model/weights")
        trial.report(number, {"val_acc": shared.value(params["x"], trial.seed, number) * scale})
    (trial.dir / "empty").mkdir(exist_ok=True)
    return {"val_acc": shared.value(params["x"], trial.seed, 9) * scale}
"""
SHARED = """
def value(x, seed, step):
    return -((float(x) - 0.3) ** 2) + seed % 1000 / 1e5 - 0.2 / (step + 1 + seed % 3)
"""
PROGRAM = """#!/bin/sh
set -e
scale=$(cat "$4")
echo "$1" > "$3/given"
for step in 1 2 3; do echo "step=$step val_acc=0.$step$scale"; done
echo "val_acc=$2"
"""
PLACES = "experiment: {workload: 'away:train', inputs: {data: data/scale}}\nparameters: {x: {low: 0.0, high: 1.0}}\n"
SEARCHES = {
    "random": f"sweep_type: random\n{PLACES}optimization: {{n_trials: 6, lookahead: 3}}\n",
    "halving": (
        f"sweep_type: random\n{PLACES}"
        "optimization: {strategy: halving, halving: {full: 9}, n_trials: 9, lookahead: 4}\n"
    ),
    "population": (
        f"sweep_type: random\n{PLACES}optimization: {{strategy: pbt, n_trials: 12, lookahead: 4,"
        " pbt: {population: 4, full: 9, change: [x]}}\n"
    ),
    "program": (
        'sweep_type: random\nexperiment: {command: ["./program.sh", "{number}", "{x}", "{dir}", "{data}"],'
        " inputs: {data: data/scale}}\n"
        "parameters: {x: {low: 0.0, high: 1.0}}\noptimization: {n_trials: 4, lookahead: 2}\n"
    ),
}


@pytest.fixture(name="project")
def folder_of_a_user(workplace: Path) -> Path:
    """A project with a function, a program, a module that the function imports, and data."""
    for name, text in (("away.py", WORKLOAD), ("shared.py", SHARED), ("program.sh", PROGRAM), ("data/scale", "2")):
        (workplace / name).parent.mkdir(exist_ok=True)
        (workplace / name).write_text(text, encoding="utf-8")
    (workplace / "program.sh").chmod(0o755)
    return workplace


@pytest.mark.parametrize("search", SEARCHES)
def test_tables_and_folders_equal_the_local_ones(
    elsewhere: DaskCluster, start: StartSweep, project: Path, search: str
) -> None:
    local, away = start(f"{SEARCHES[search]}execution: {{max_parallel: 2}}\n"), start(
        SEARCHES[search] + elsewhere.section(3)
    )
    run_both(local, away)
    assert _files(away) == _files(local)
    for place in away.path.glob("trials/*/place"):
        for folder in map(Path, place.read_text(encoding="utf-8").split()):
            assert not folder.is_relative_to(project)


@pytest.mark.parametrize("search", ["pruner", "replicates"])
def test_pruners_and_replicates_have_the_local_table(elsewhere: DaskCluster, start: StartSweep, search: str) -> None:
    local, away = start(STRATEGIES[search]), start(STRATEGIES[search] + elsewhere.section(3))
    run_both(local, away)
    assert _files(away) == _files(local)


def test_confirmations_bring_their_folders_back(elsewhere: DaskCluster, start: StartSweep, project: Path) -> None:
    del project
    folder = start(SEARCHES["random"] + elsewhere.section(2))
    run_sweep(folder)
    assert confirm_sweep(folder, top=1, seeds=2) is Outcome.FINISHED
    assert len(list(folder.path.glob("confirmations/*/*/model/weights"))) == 2


def test_trials_that_one_worker_trains_together_bring_their_folders_back(
    elsewhere: DaskCluster, start: StartSweep, workplace: Path
) -> None:
    shutil.copy(Path(__file__).parents[3] / "together.py", workplace / "together.py")
    text = RISES.replace("toy:rising", "together:train").replace(", kind: [a, b]", "")
    text += "optimization: {strategy: halving, halving: {full: 9, first_rung: 1}, n_trials: 12, lookahead: 9}\n"
    local, away = start(f"{text}execution: {{fuse: off}}\n"), start(text + elsewhere.section(2))
    run_both(local, away)
    assert _files(away) == _files(local)


def test_a_function_whose_source_is_in_the_configuration_needs_no_file(
    elsewhere: DaskCluster, start: StartSweep, workplace: Path
) -> None:
    (workplace / "toy.py").unlink()
    source = "def train(params, trial):\n    return {'val_acc': params['x'] + trial.seed % 1000 / 1e6}\n"
    text = f'experiment: {{workload: "cell:train", workload_source: {json.dumps(source)}}}\n'
    text += "parameters: {x: [0.1, 0.2]}\n"
    local, away = start(text), start(text + elsewhere.section(2))
    run_both(local, away)


def test_a_fresh_process_for_each_trial_brings_its_folder_back(
    elsewhere: DaskCluster, start: StartSweep, project: Path
) -> None:
    del project
    local, away = start(SEARCHES["random"]), start(
        SEARCHES["random"] + elsewhere.section(2).replace("{executor", "{isolate: true, executor")
    )
    run_both(local, away)
    assert _files(away) == _files(local)


def test_what_a_worker_writes_while_it_loads_comes_back(
    elsewhere: DaskCluster, start: StartSweep, project: Path
) -> None:
    (project / "shared.py").write_text("raise ValueError('of the module')", encoding="utf-8")
    folder = start(SEARCHES["random"] + elsewhere.section(1))
    with pytest.raises(WorkloadError, match="importing away raised ValueError: of the module"):
        run_sweep(folder)
    assert "of the module" in folder.workers_log.read_text(encoding="utf-8")


def run_both(local: SweepFolder, away: SweepFolder) -> None:
    """Runs a sweep on this machine and elsewhere, and compares the tables."""
    assert run_sweep(local) is run_sweep(away) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)


def _files(folder: SweepFolder) -> dict[str, object]:
    """Returns what the trials' folders hold, without what says where they were."""
    trials = folder.path / "trials"
    found: dict[str, object] = {}
    for path in trials.rglob("*"):
        if path.name == "place":
            continue
        name = path.relative_to(trials).as_posix()
        found[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
    return found
