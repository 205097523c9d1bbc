"""`morphogenetic sweep ...` as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.cli.conftest import Command
from tests.waiting import DEADLINE_SECONDS, until

GRID = """
experiment: {workload: "toy:nothing"}
parameters: {x: [0.1, 0.7, 0.3]}
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def sweep_file(workplace: Path) -> Path:
    path = workplace / "sweep.yaml"
    path.write_text(GRID, encoding="utf-8")
    return path


def test_run_prints_each_trial_the_best_and_where_the_results_are(command: Command) -> None:
    ran = command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "first")
    assert ran.status == 0 and ran.err == ""
    assert "[3/3] trial" in ran.out
    assert "finished: 3 complete of 3 trials" in ran.out
    assert "best: trial 1  val_acc=0.7  x=0.7" in ran.out
    assert "results: results/sweeps/first/trials.csv" in ran.out
    assert Path("results/sweeps/first/config.yaml").read_text(encoding="utf-8") == GRID


def test_options_take_the_place_of_what_the_file_says(command: Command) -> None:
    ran = command(
        *"sweep run --config sweep.yaml --sweep-id s --results out".split(),
        *"--trials 2 --parallel 3 --seed 5 --timeout 60".split(),
    )
    assert ran.status == 0
    config = SweepFolder(Path("out/s")).read_info().config
    assert (config.optimization.n_trials, config.optimization.seed, config.optimization.timeout) == (2, 5, 60)
    assert config.execution.max_parallel == 3
    assert "2 complete of 2 trials" in ran.out


def test_grid_runs_a_file_of_another_type_as_a_grid(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text(GRID + "sweep_type: random\n")
    assert "3 complete of 3 trials" in command("sweep", "grid", "--config", "sweep.yaml").out


def test_a_folder_of_files_is_one_sweep_after_the_other(command: Command, workplace: Path) -> None:
    (workplace / "files").mkdir()
    for name in ("b", "a"):
        (workplace / "files" / f"{name}.yaml").write_text(GRID)
    assert command("sweep", "run", "--config", "files", "--sweep-id", "both").status == 0
    listed = json.loads(command("sweep", "list", "--json").out)
    assert [(each["sweep_id"], each["state"]) for each in listed] == [("both-a", "finished"), ("both-b", "finished")]


def test_one_bad_file_of_a_folder_stops_all_before_any_runs(command: Command, workplace: Path) -> None:
    (workplace / "files").mkdir()
    (workplace / "files/a.yaml").write_text(GRID)
    (workplace / "files/b.yaml").write_text("parametres: {}")
    ran = command("sweep", "run", "--config", "files")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "morphogenetic: files/b.yaml: parametres: unknown key; did you mean 'parameters'?\n"


def test_a_sweep_without_a_complete_trial_ends_with_1(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text('experiment: {workload: "toy:moody", mood: raise}')
    ran = command("sweep", "run", "--config", "sweep.yaml")
    assert ran.status == 1
    assert "exception: ZeroDivisionError: no luck (toy.py:" in ran.out


def test_show_and_list_say_the_same_as_the_sweep(command: Command) -> None:
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s")
    shown = json.loads(command("sweep", "show", "--sweep-id", "s", "--json").out)
    assert [trial["params"]["x"] for trial in shown["trials"]] == [0.1, 0.7, 0.3]
    assert (shown["best"], shown["best_trial"], shown["state"]) == (0.7, 1, "finished")
    best = json.loads(command("sweep", "show", "--sweep-id", "s", "--top", "1", "--json").out)
    assert [trial["number"] for trial in best["trials"]] == [1]
    assert "val_acc 0.7 (trial 1)" in command("sweep", "list").out
    assert "complete  0.3" in command("sweep", "show", "--sweep-id", "s").out
    assert command("sweep", "list", "--results", "nowhere").out == "nowhere: no sweep yet\n"


def test_check_prints_trials_axes_with_their_types_and_an_estimate(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text("""
experiment: {workload: "toy:quadratic", seconds: 0.2}
parameters:
  x: [1e-4, 2, "one", true]
  width: {low: 32, high: 512, log: true}
execution: {max_parallel: 2}
optimization: {sampler: TPE}
""")
    ran = command("sweep", "check", "--config", "sweep.yaml")
    assert "sweep.yaml: grid, 20 trials" in ran.out
    assert "0.0001, 2, 'one', true" in ran.out
    assert "32 to 512; in a grid: 32, 64, 128, 256, 512" in ran.out
    assert "on 2 workers (trial 0 took 0." in ran.out
    assert "note: optimization.sampler: TPE is not used by sweep_type grid" in ran.out
    assert not Path("results").exists()


def test_check_says_how_much_of_the_space_keeps_the_constraints(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text("""
sweep_type: sobol
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}}
constraints: [x + y <= 1]
optimization: {n_trials: 5}
""")
    assert "constraints: about 50% of the space keeps them" in command("sweep", "check", "--config", "sweep.yaml").out
    sweep_file.write_text("""
experiment: {workload: "toy:quadratic"}
parameters: {x: [1, 2, 3], y: [1, 2, 3]}
constraints: x < y
""")
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0")
    assert (
        "grid, 3 trials, 3 points in the space" in ran.out and "constraints: 33.3% of the points keep them" in ran.out
    )
    (checked,) = json.loads(command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--json").out)
    assert checked["feasible_share"] == pytest.approx(1 / 3)
    sweep_file.write_text(sweep_file.read_text().replace("x < y", "x < z"))
    ran = command("sweep", "check", "--config", "sweep.yaml")
    assert ran.status == 2
    assert "sweep.yaml: constraints[0]: column 5: unknown parameter z" in ran.err


def test_check_prints_the_default_number_of_trials_of_a_bayesian_sweep(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text("""
sweep_type: bayesian
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}, z: {low: 0.0, high: 1.0}}
""")
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0")
    assert "sweep.yaml: bayesian, 30 trials" in ran.out
    assert "note: optimization.n_trials: 30, the default for 3 searched parameters" in ran.out
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--trials", "7")
    assert "sweep.yaml: bayesian, 7 trials" in ran.out and "the default" not in ran.out


def test_check_watches_trial_0_no_longer_than_asked(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text('experiment: {workload: "toy:quadratic", seconds: 3600, x: 1}\nexecution: {max_parallel: 1}')
    (checked,) = json.loads(command("sweep", "check", "--config", "sweep.yaml", "--watch", "0.3", "--json").out)
    assert checked["estimate_is_lower_bound"] and 0.3 <= checked["estimate_seconds"] < 3600
    (unwatched,) = json.loads(command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--json").out)
    assert unwatched["estimate_seconds"] is None


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ('experiment: {workload: "toy:moody", mood: raise}', 0, "none: trial 0 failed"),
        ('experiment: {workload: "toy:moody", mood: crash}', 0, "none: trial 0 failed"),
        ('experiment: {workload: "toy:moody", mood: missing}', 2, "optimization.target_metric: the workload did not"),
        ('experiment: {workload: "toy:nowhere"}', 2, "experiment.workload: toy has no function 'nowhere'"),
        ('experiment: {workload: "deadly:train"}', 2, "workers die before they are ready (signal 9)"),
    ],
)
def test_check_finds_what_would_go_wrong(
    command: Command, workplace: Path, sweep_file: Path, text: str, status: int, said: str
) -> None:
    (workplace / "deadly.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    sweep_file.write_text(text)
    ran = command("sweep", "check", "--config", "sweep.yaml")
    assert ran.status == status
    assert said in ran.out + ran.err


def test_resume_finishes_a_sweep_whose_total_grew(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text("""
sweep_type: sobol
experiment: {workload: "toy:nothing"}
parameters: {x: {type: float, low: 0, high: 1}}
optimization: {n_trials: 4}
""")
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s")
    assert "6 complete of 6 trials" in command("sweep", "resume", "--sweep-id", "s", "--trials", "6").out


def test_resume_takes_a_changed_file_and_refuses_another_search(command: Command, sweep_file: Path) -> None:
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s")
    sweep_file.write_text(GRID + "execution: {max_parallel: 7}\n")
    assert command("sweep", "resume", "--sweep-id", "s", "--config", "sweep.yaml").status == 0
    sweep_file.write_text(GRID.replace("0.7", "0.8"))
    ran = command("sweep", "resume", "--sweep-id", "s", "--config", "sweep.yaml")
    assert ran.status == 2
    assert "sweep.yaml: parameters.x.choices: is [0.1, 0.7, 0.3] in this sweep, but got [0.1, 0.8, 0.3]" in ran.err


def test_retry_failed_runs_the_failed_trials_again(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text('experiment: {workload: "toy:moody"}\nparameters: {mood: [raise_once, fine]}')
    assert "1 complete, 1 failed of 2" in command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s").out
    assert "1 complete, 1 failed of 2" in command("sweep", "resume", "--sweep-id", "s").out
    assert "2 complete of 2" in command("sweep", "resume", "--sweep-id", "s", "--retry-failed").out


def test_migrate_converts_a_foreign_file_and_says_what_is_lost(command: Command, workplace: Path) -> None:
    text = "method: random\nrun_cap: 4\nentity: team\nprogram: t.py\nmetric: {name: loss}\n"
    text += "parameters: {lr: {min: 0.1, max: 1.0}}\n"
    (workplace / "wandb.yaml").write_text(text, encoding="utf-8")
    ran = command("sweep", "migrate", "wandb.yaml")
    assert ran.status == 0 and "# wandb.yaml: entity: has no counterpart" in ran.err
    (workplace / "sweep.yaml").write_text(ran.out, encoding="utf-8")
    assert command("sweep", "check", "--config", "sweep.yaml", "--watch", "0").status == 0


def test_a_foreign_file_is_refused_with_the_command_that_converts_it(command: Command, workplace: Path) -> None:
    (workplace / "wandb.yaml").write_text("method: grid\nparameters: {lr: {values: [1, 2]}}\n", encoding="utf-8")
    ran = command("sweep", "run", "--config", "wandb.yaml")
    assert ran.status == 2
    assert ran.err.endswith("wandb.yaml: is a W&B sweep; convert it with: morphogenetic sweep migrate wandb.yaml\n")


def test_migrate_prints_the_new_form(command: Command) -> None:
    ran = command("sweep", "migrate", str(EXAMPLES / "flat_sweep.yaml"))
    assert "parameters:\n  lr: [0.001, 0.003, 0.01]\n" in ran.out
    ran = command("sweep", "migrate", str(EXAMPLES / "basic_sweep.yaml"))
    assert ran.status == 2 and ran.err.endswith("is in the current format already\n")


def test_schema_is_that_of_the_configuration(command: Command) -> None:
    assert json.loads(command("sweep", "schema").out) == SweepConfig.model_json_schema()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "--config", "no.yaml"], "no.yaml: cannot be read: No such file or directory"),
        (["run", "--config", "sweep.yaml", "--sweep-id", "../x"], "sweep id: must be letters"),
        (["resume", "--sweep-id", "nope"], "results/sweeps: has no sweep 'nope'; there is no sweep yet"),
        (["show", "--sweep-id", "a/b"], "sweep id: must be letters"),
        (["run"], "Missing option '--config'"),
        (["run", "--config", "sweep.yaml", "--trials", "0"], "Invalid value for '--trials'"),
        (["rum"], "No such command 'rum'."),
        (["run", "--config", "sweep.yaml", "--results", "toy.py/x"], "toy.py/x: cannot be written: Not a directory"),
    ],
)
def test_bad_input_is_one_line_and_status_2(command: Command, arguments: list[str], line: str) -> None:
    ran = command("sweep", *arguments)
    assert ran.status == 2
    assert ran.err.startswith("morphogenetic: ") and line in ran.err
    assert ran.err.count("\n") == 1 and "Traceback" not in ran.err


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(sweep_file: Path) -> None:
    sweep_file.write_text(GRID.replace("toy:nothing", "toy:quadratic").replace("0.3]", "0.3], seconds: [3600]"))
    with _started("run", "--config", "sweep.yaml", "--sweep-id", "s") as process:
        _wait_for_line(Path("results/sweeps/s/journal.jsonl"), "trial_reported")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130
    assert "continue with: morphogenetic sweep resume --sweep-id s" in out
    assert err == ""


def test_ctrl_c_twice_ends_at_once(sweep_file: Path) -> None:
    sweep_file.write_text(GRID.replace("toy:nothing", "toy:quadratic").replace("0.3]", "0.3], seconds: [3600]"))
    with _started("run", "--config", "sweep.yaml", "--sweep-id", "s") as process:
        _wait_for_line(Path("results/sweeps/s/journal.jsonl"), "trial_reported")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130


def test_output_that_nobody_reads_is_no_error() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with _started("schema", stdout=write_end) as process:
        os.close(write_end)
        _, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert err == ""


def _started(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


def _wait_for_line(path: Path, text: str) -> None:
    until(lambda: path.exists() and text in path.read_text(encoding="utf-8"), f"{text} in {path}")


@pytest.mark.slow
def test_mlflow_that_is_down_is_one_warning_and_publish_sends_it_later(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    ran = command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s", "--mlflow")
    assert ran.status == 0
    assert ran.out.count("warning: ") == 1 and "morphogenetic sweep publish --sweep-id s" in ran.out.splitlines()[-1]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with _started("publish", "--sweep-id", "s") as process:
        out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert out == f"3 trials and 3 files sent to sqlite:///{workplace}/results/mlflow.db\n", err
