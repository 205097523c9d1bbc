"""`morphogenetic trial run` as a pod runs it, and by hand."""

from __future__ import annotations

import csv
import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.katib.pods.environment import (
    ASSIGNMENTS_VARIABLE,
    INPUTS_VARIABLE,
    SWEEP_VARIABLE,
    sweep_text,
)
from morphogenetic_engine.reports.analysis.reproduction import replay_of
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.search.pruners.threshold_text import thresholds_text
from morphogenetic_engine.sweeps.search.pruners.thresholds import StepThresholds
from morphogenetic_engine.sweeps.single_trial.sent_curve import curve_of_digits
from tests.cli.conftest import Command
from tests.waiting import DEADLINE_SECONDS, gone, until

SWEEP = 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.7, 0.3]}\n'
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (\w+)=(\S+)")


@pytest.fixture(autouse=True)
def sweep_file(workplace: Path) -> Path:
    path = workplace / "sweep.yaml"
    path.write_text(SWEEP, encoding="utf-8")
    return path


def last(out: str) -> dict[str, str]:
    """Returns the last value of each metric that was printed; every line is a metric line."""
    matches = [LINE.fullmatch(line) for line in out.splitlines()]
    assert matches and None not in matches
    return {match[1]: match[2] for match in matches if match}


def test_a_trial_of_a_sweep_is_not_run_again_on_another_input(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(
        'experiment: {workload: "toy:quadratic", inputs: {table: numbers.txt}}\nparameters: {x: [0.1]}\n',
        encoding="utf-8",
    )
    (workplace / "numbers.txt").write_text("7", encoding="ascii")
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s").status == 0
    again = ["trial", "run", "--config", "results/sweeps/s", "--number", "0"]
    assert command(*again).status == 0
    (workplace / "numbers.txt").write_text("8", encoding="ascii")
    refused = command(*again)
    assert refused.status == 2 and "numbers.txt has changed since the sweep began" in refused.err


def test_a_trial_in_a_pod_is_not_run_on_another_input(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "sweep.yaml").write_text(
        'experiment: {workload: "toy:quadratic", inputs: {table: "a$b.txt"}}\nparameters: {x: [0.1]}\n',
        encoding="utf-8",
    )
    render = ["sweep", "render", "--config", "sweep.yaml", "--to", "katib", "--image", "i:1"]
    missing = command(*render)
    assert missing.status == 2 and missing.err.endswith(
        f": sweep.yaml: experiment.inputs.table: there is no file a$b.txt (looked in {workplace})\n"
    )

    (workplace / "a$b.txt").write_text("7", encoding="ascii")
    rendered = command(*render)
    assert "experiment.inputs.table: the image must have a$b.txt" in rendered.err
    pod = yaml.safe_load(rendered.out)["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    environment = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert "$" not in environment[INPUTS_VARIABLE]
    for name in (SWEEP_VARIABLE, INPUTS_VARIABLE):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setenv(ASSIGNMENTS_VARIABLE, '{"x": "0.1"}')
    run = ["trial", "run", "--config", "env", "--assignments", "env", "--name", "one"]
    assert command(*run).status == 0
    (workplace / "a$b.txt").write_text("8", encoding="ascii")
    changed = command(*run)
    assert changed.status == 2 and changed.err.startswith(
        "morphogenetic: trial: a$b.txt has changed since the sweep began"
    )
    monkeypatch.setenv(INPUTS_VARIABLE, '{"table": 1}')
    assert command(*run).err.startswith(f"morphogenetic: {INPUTS_VARIABLE}: is not what `sweep render` writes: ")


def test_a_trial_alone_has_the_metrics_of_the_same_trial_in_a_sweep(command: Command, workplace: Path) -> None:
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s").status == 0
    with (workplace / "results/sweeps/s/trials.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        ran = command("trial", "run", "--config", "sweep.yaml", "--param", f"x={row['x']}")
        assert ran.status == 0
        assert last(ran.out) == {"val_acc": row["val_acc"], "twice": row["twice"]}


def test_a_trial_of_a_sweep_runs_again_from_its_folder(command: Command, workplace: Path) -> None:
    started = ["sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s", "--seed", "7"]
    assert command(*started).status == 0
    result = read_result(SweepFolder(workplace / "results/sweeps/s"))
    for trial in result.trials:
        again = shlex.split(replay_of(result, trial).command)
        assert again[0] == "morphogenetic"
        assert {name: float(value) for name, value in last(command(*again[1:]).out).items()} == trial.metrics
    ran = command("trial", "run", "--config", "results/sweeps/s", "--number", "3")
    assert ran.err.endswith("results/sweeps/s: trial 3: the sweep has not run it; it has run 3 trials\n")
    assert ran.status == 2


def test_the_carriers_agree(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand, by number, and by environment as in a pod."""
    monkeypatch.setenv(SWEEP_VARIABLE, sweep_text(read_config(Path("sweep.yaml")).config))
    monkeypatch.setenv(ASSIGNMENTS_VARIABLE, json.dumps({"x": "0.7"}))
    ways = (
        "--config sweep.yaml --param x=0.7",
        "--config sweep.yaml --number 1",
        "--config env --assignments env",
    )
    results = [last(command("trial", "run", *way.split()).out) for way in ways]
    assert results[0] == results[1] == results[2]


def values(text: str) -> list[str]:
    """Returns name=value of each metric line."""
    return [line.split()[1] for line in text.splitlines()]


def test_the_file_for_katibs_collector_has_the_objective_and_the_journal_is_kept(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-abc12345")
    ran = command(*"trial run --config sweep.yaml --number 2 --metrics metrics.log".split())
    told = values((workplace / "metrics.log").read_text(encoding="utf-8"))
    assert told == [each for each in values(ran.out) if each.startswith("val_acc=")] and len(told) < len(
        values(ran.out)
    )
    events = list(read_events(workplace / "results/trials/sweep-abc12345/journal.jsonl"))
    assert isinstance(events[-1], TrialEnded) and events[-1].trial == 2
    assert "trial 2 complete after" in ran.err and "files: results/trials/sweep-abc12345" in ran.err


def test_a_failed_trial_says_why_and_ends_with_1(command: Command, sweep_file: Path) -> None:
    sweep_file.write_text('experiment: {workload: "toy:moody"}\nparameters: {mood: [raise, prune]}\n')
    ran = command(*"trial run --config sweep.yaml --param mood=raise".split())
    assert ran.status == 1 and ran.out == ""
    assert "ZeroDivisionError: no luck" in ran.err and "trial 0 failed: exception after" in ran.err


def test_a_trial_that_gives_up_before_its_first_report_has_failed_for_katib(command: Command, sweep_file: Path) -> None:
    """Katib waits for a metric of a trial that ends with 0, and starts it again when its Job is cleared away."""
    sweep_file.write_text('experiment: {workload: "toy:moody"}\nparameters: {mood: [raise, prune]}\n')
    ran = command(*"trial run --config sweep.yaml --param mood=prune".split())
    assert ran.status == 1 and "pruned after" in ran.err


def test_sigterm_ends_it_quickly_with_143_and_its_files_kept(sweep_file: Path, workplace: Path) -> None:
    sweep_file.write_text('experiment: {workload: "toy:with_grandchild"}\nparameters: {x: [1, 2]}\n')
    command = [sys.executable, "-m", "morphogenetic_engine.cli.trial", *"run --config - --number 0 --dir t".split()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as trial:
        assert trial.stdin and trial.stdout and trial.stderr
        trial.stdin.write(sweep_file.read_bytes())
        trial.stdin.close()
        assert trial.stdout.readline().endswith(b" val_acc=0.0\n")
        trial.send_signal(signal.SIGTERM)
        assert trial.wait(DEADLINE_SECONDS) == 143
        assert b"trial 0 pruned after" in trial.stderr.read()
    grandchild = int((workplace / "t/grandchild").read_text(encoding="utf-8"))
    until(lambda: gone(grandchild))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("--config sweep.yaml", "sweep.yaml: x: has no value; give each searched parameter one"),
        ("--config sweep.yaml --param x=9", "sweep.yaml: x: must be one of 0.1, 0.7, 0.3, but got '9'"),
        ("--config sweep.yaml --param x", "--param must be NAME=VALUE, but got 'x'"),
        ("--config sweep.yaml --param x=0.1 --param x=0.7", "--param x is given twice"),
        ("--config sweep.yaml --number 3", "sweep.yaml: trial 3: the sweep has 3 trials, numbered from 0"),
        ("--config env", "MORPHOGENETIC_SWEEP: the environment variable is not set"),
        ("--config none.yaml", "none.yaml: cannot be read"),
        ("--config sweep.yaml --assignments {}", "sweep.yaml: x: Katib assigned no value"),
        ("--config sweep.yaml --assignments x", "sweep.yaml: assignments: is not JSON"),
        ('--config sweep.yaml --assignments {"x":0.1}', "sweep.yaml: assignments: must be a JSON object of names and"),
        (
            '--config sweep.yaml --assignments {"x":"${trialParameters.x}"}',
            "sweep.yaml: assignments: x: Katib has not filled in",
        ),
        ("--config sweep.yaml --assignments {} --number 1", "leave these out"),
        ("--config sweep.yaml --number 0 --metrics no/such/folder.log", "no/such/folder.log: cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_2(command: Command, arguments: str, line: str) -> None:
    ran = command("trial", "run", *arguments.split())
    assert (ran.status, ran.out) == (2, "")
    assert line in ran.err and ran.err.count("\n") == 1


def test_the_number_comes_from_the_name_that_katib_gives(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ["trial", "run", "--config", "sweep.yaml", "--assignments", '{"x": "0.7"}', "--number-from-name"]
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-t0007")
    ran = command(*words)
    assert ran.status == 0 and "trial 7 complete" in ran.err
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-abcdefgh")
    ran = command(*words)
    assert ran.status == 2 and "KATIB_TRIAL_NAME: must end with a mark and a number (-1a2b3-t0007)" in ran.err
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-idle0008")
    ran = command(*words, "--metrics", str(tmp_path / "metrics.log"))
    assert ran.status == 1 and "no trial of the sweep" in ran.err
    assert not (tmp_path / "metrics.log").exists()
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-spare0009")
    ran = command(*words, "--metrics", str(tmp_path / "metrics.log"))
    assert ran.status == 0 and "no trial of the sweep" in ran.err
    assert (tmp_path / "metrics.log").read_text(encoding="utf-8") == ""


def test_a_trial_stops_itself_by_the_thresholds_that_katib_assigned(
    command: Command, monkeypatch: pytest.MonkeyPatch, workplace: Path
) -> None:
    (workplace / "sweep.yaml").write_text(f"{SWEEP}optimization: {{pruner: MedianPruner}}\n", encoding="utf-8")
    thresholds = thresholds_text(StepThresholds(maximize=True, limits={1: 1e9}))
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-t0007")
    assignments = json.dumps({"x": "0.7", "trial.thresholds": thresholds})
    words = ["--config", "sweep.yaml", "--assignments", assignments, "--number-from-name", "--metrics", "metrics.log"]
    ran = command("trial", "run", *words)
    assert ran.status == 0 and "trial 7 pruned" in ran.err
    told = last((workplace / "metrics.log").read_text(encoding="utf-8"))
    sent = curve_of_digits(told["trial_curve"], ["val_acc"])
    assert (told["trial_steps"], sent.state, list(sent.curve)) == ("2", TrialState.PRUNED, [0, 1])
    assert float(told["val_acc"]) == sent.curve[1]["val_acc"]


def test_damaged_thresholds_are_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-t0007")
    assignments = json.dumps({"x": "0.7", "trial.thresholds": "abc"})
    ran = command("trial", "run", "--config", "sweep.yaml", "--assignments", assignments, "--number-from-name")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "trial.thresholds: holds no thresholds of a pruner; it was cut or changed on its way" in ran.err


def test_a_trial_of_a_halving_pauses_at_its_rung_and_goes_on_in_another_pod(
    command: Command, monkeypatch: pytest.MonkeyPatch, workplace: Path
) -> None:
    halving = "optimization: {strategy: halving, halving: {full: 3, first_rung: 1}}\n"
    (workplace / "sweep.yaml").write_text(SWEEP + halving, encoding="utf-8")
    states = []
    for place, job in enumerate(["trial 1, rung 0", "trial 1, rung 1, after sweep-0a1b2-t0000"]):
        monkeypatch.setenv("KATIB_TRIAL_NAME", f"sweep-0a1b2-t{place:04d}")
        assignments = json.dumps({"x": "0.7", "trial.job": job})
        words = ["--config", "sweep.yaml", "--assignments", assignments, "--number-from-name", "--to", "store"]
        ran = command("trial", "run", *words, "--metrics", f"{place}.log", "--dir", f"pod{place}")
        assert ran.status == 0, ran.err
        told = last((workplace / f"{place}.log").read_text(encoding="utf-8"))
        sent = curve_of_digits(told["trial_curve"], ["val_acc"])
        states.append((sent.state, list(sent.curve), float(told["val_acc"]) == max(sent.curve.items())[1]["val_acc"]))
    assert states[0] == (TrialState.PAUSED, [0], True)
    assert states[1][:2] == (TrialState.COMPLETE, [0, 1, 2])


def test_a_place_of_a_rung_without_a_trial_fails_and_says_why(
    command: Command, monkeypatch: pytest.MonkeyPatch, workplace: Path
) -> None:
    halving = "optimization: {strategy: halving, halving: {full: 3, first_rung: 1}}\n"
    (workplace / "sweep.yaml").write_text(SWEEP + halving, encoding="utf-8")
    monkeypatch.setenv("KATIB_TRIAL_NAME", "sweep-0a1b2-t0003")
    assignments = json.dumps({"x": "0.7", "trial.job": "none"})
    words = ["--config", "sweep.yaml", "--assignments", assignments, "--number-from-name", "--to", "store"]
    ran = command("trial", "run", *words)
    assert ran.status != 0 and "fewer trials reached this rung than planned, because others failed" in ran.err
    assert ran.err.count("\n") == 1
