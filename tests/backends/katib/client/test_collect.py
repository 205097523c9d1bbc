"""`sweep collect`: an Experiment as a sweep folder, the same as that of a local sweep."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.reports.page.page_data import page_data
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.collected_sweep import COLLECT, FOLDER, collected, steady
from tests.backends.katib.client.conftest import RANDOM, SWEEP, Command
from tests.backends.katib.client.test_submit import SUBMIT


def states(result: SweepResult) -> list[tuple[int, TrialState, FailureReason | None]]:
    return [(trial.number, trial.state, trial.reason) for trial in result.trials]


def test_a_grid_s_trials_have_the_numbers_and_seeds_of_a_local_sweep(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    for name, x in (("c", "0.3"), ("a", "0.1"), ("b", "0.7")):  # in an order of Katib's
        katib.start(name, x=x)
        katib.end(name, "Succeeded", val_acc=float(x), twice=1)
    katib.finish()
    ran = command(*COLLECT)
    assert ran.status == 0 and "finished: 3 complete of 3 trials" in ran.out and "best: trial 1  val_acc=0.7" in ran.out
    result = collected()
    assert [(trial.number, trial.seed, trial.params["x"]) for trial in result.trials] == [
        (number, trial_seed(42, number), x) for number, x in enumerate([0.1, 0.7, 0.3])
    ]
    assert result.outcome is Outcome.FINISHED and result.info.versions == {"image": "registry/toy:1"}


def test_every_kind_of_end_is_kept_apart(command: Command, katib: KatibByHand) -> None:
    Path("sweep.yaml").write_text(RANDOM.replace("n_trials: 4", "n_trials: 8"), encoding="utf-8")
    command(*SUBMIT)
    for number, name in enumerate("abcdefgh"):
        katib.start(f"toy-{name}", phase="Created" if name == "h" else "Running", x=f"0.{number}5")
    katib.end("toy-a", "Succeeded", val_acc="0.5", twice="unavailable")
    katib.end("toy-b", "EarlyStopped", "Trial is early stopped", val_acc=0.1)
    katib.end("toy-c", "MetricsUnavailable", "Metrics are not available", val_acc="unavailable")
    katib.end("toy-d", "Failed", "Trial has failed. Job reason: DeadlineExceeded")
    katib.end("toy-e", "Failed", "Trial has failed. Job reason: BackoffLimitExceeded")
    katib.end("toy-f", "Killed")
    command(*COLLECT)
    result = collected()
    assert states(result) == [
        (0, TrialState.COMPLETE, None),
        (1, TrialState.PRUNED, None),
        (2, TrialState.FAILED, FailureReason.MISSING_METRIC),
        (3, TrialState.FAILED, FailureReason.TIMEOUT),
        (4, TrialState.FAILED, FailureReason.EXCEPTION),
        (5, TrialState.FAILED, FailureReason.KILLED),
        (6, TrialState.RUNNING, None),
    ]
    assert result.trials[0].metrics == {"val_acc": 0.5} and result.trials[1].metrics == {"val_acc": 0.1}
    assert "metrics unavailable" in result.trials[2].message
    assert result.trials[0].duration > 0 and result.outcome is None


def killed(code: int, reason: str = "Error", message: str = "") -> dict[str, object]:
    """Returns the status of a pod whose trial ended so."""
    ended = {"terminated": {"exitCode": code, "reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "trial", "state": ended}]}


def test_why_a_trial_failed_is_read_from_its_pod(command: Command, katib: KatibByHand) -> None:
    """Katib says the same of all of them."""
    Path("sweep.yaml").write_text(RANDOM, encoding="utf-8")
    command(*SUBMIT)
    said = "trial 0 failed: non_finite_metric after 1.0 s: val_acc is nan; files: /tmp/trial"
    pods = [killed(137, "OOMKilled"), killed(3, message="cannot open /data"), killed(1, message=said)]
    for name, status in zip("abc", pods, strict=True):
        katib.start(name, x=f"0.{ord(name)}")
        katib.pod(name, status, memory="8Gi")
        katib.end(name, "Failed", "Trial has failed. Job reason: BackoffLimitExceeded")
    ran = command(*COLLECT)
    assert [(trial.reason, trial.message) for trial in collected().trials] == [
        (FailureReason.KILLED, "out of memory: trial was killed at its limit of 8Gi with exit status 137"),
        (FailureReason.EXCEPTION, "trial ended with exit status 3: cannot open /data"),
        (FailureReason.NON_FINITE_METRIC, "val_acc is nan"),
    ]
    assert "3 failed" in ran.out


def test_without_the_right_to_list_pods_the_rest_is_collected(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    cluster.forbidden = {("list", "pods")}
    katib.start("a", x="0.1")
    katib.end("a", "Failed", "Trial has failed")
    ran = command(*COLLECT)
    assert ran.err.count("why trials failed is not shown") == 1
    assert states(collected()) == [(0, TrialState.FAILED, FailureReason.EXCEPTION)]


def test_a_trial_that_was_stopped_early_has_its_duration(command: Command, katib: KatibByHand) -> None:
    """Katib sets no completionTime for it."""
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "EarlyStopped", val_acc=0.1)
    command(*COLLECT)
    (trial,) = collected().trials
    assert (trial.state, trial.duration) == (TrialState.PRUNED, 60.0)


def test_tables_have_katibs_names_of_the_trials(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    for name, x in (("toy-gdcqh8kc", "0.7"), ("toy-x2x2x2x2", "0.1")):
        katib.start(name, x=x)
        katib.end(name, "Succeeded", val_acc=float(x))
    command(*COLLECT)
    with (FOLDER / "trials.csv").open(encoding="utf-8") as table:
        names = [(row["number"], row["katib_trial"]) for row in csv.DictReader(table)]
    assert names == [("0", "toy-x2x2x2x2"), ("1", "toy-gdcqh8kc")]
    shown = command("sweep", "show", "--sweep-id", "toy").out
    assert "on Katib: Experiment ml/toy, cluster http" in shown
    assert re.search(r"^ *0 +complete .* toy-x2x2x2x2 *$", shown, re.MULTILINE)
    told = json.loads(command("sweep", "show", "--sweep-id", "toy", "--json").out)
    assert (told["origin"]["kind"], told["origin"]["namespace"], told["origin"]["name"]) == ("Experiment", "ml", "toy")
    assert [each["katib_trial"] for each in told["trials"]] == ["toy-x2x2x2x2", "toy-gdcqh8kc"]
    columns = page_data(collected(), ["x"])["columns"]
    assert isinstance(columns, list)
    assert {
        "name": "katib_trial",
        "role": "run",
        "values": [1, 0],
        "choices": ["toy-gdcqh8kc", "toy-x2x2x2x2"],
    } in columns


def test_a_metric_that_is_no_number_is_no_result(command: Command, katib: KatibByHand) -> None:
    """Katib itself takes a first trial with nan for the best one."""
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc="nan")
    command(*COLLECT)
    assert states(collected()) == [(0, TrialState.FAILED, FailureReason.MISSING_METRIC)]


def test_sweep_json_records_where_the_sweep_was_collected_from(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    command(*COLLECT)
    origin = json.loads((FOLDER / "sweep.json").read_text(encoding="utf-8"))["origin"]
    assert origin.pop("cluster").startswith("http://127.0.0.1:")
    assert origin.pop("uid")
    assert origin == {"delegate": "katib", "system": "Katib", "kind": "Experiment", "name": "toy", "namespace": "ml"}
    listed = json.loads(command("sweep", "list", "--json").out)
    assert [each["state"] for each in listed] == ["on Katib"]


def test_a_point_of_a_grid_that_comes_twice_is_another_trial(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.7")
    katib.start("b", x="0.7")
    command(*COLLECT)
    assert [trial.number for trial in collected().trials] == [1, 3]


def test_a_failed_experiment_says_why_its_algorithm_refused(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.fail_suggestion("Validation failed: unknown setting")
    katib.finish("Failed", "ExperimentFailed", "Suggestion has failed.")
    ran = command(*COLLECT)
    assert ran.status == 1
    assert (
        "aborted: no trial started of 3 trials (Suggestion has failed. Validation failed: unknown setting)" in ran.out
    )


def test_more_trials_than_one_answer_holds(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    Path("sweep.yaml").write_text(RANDOM.replace("n_trials: 4", "n_trials: 11"), encoding="utf-8")
    command(*SUBMIT)
    for number in range(11):
        katib.start(f"t-{number}", x=f"0.{number:02}1")
    assert cluster.page == 2
    command(*COLLECT)
    assert len(collected().trials) == 11


def test_a_page_that_comes_too_late_begins_the_list_again(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    for name, x in (("a", "0.1"), ("b", "0.7"), ("c", "0.3")):
        katib.start(name, x=x)
    cluster.late_pages = 2
    assert command(*COLLECT).status == 0
    assert len(collected().trials) == 3 and cluster.late_pages == 0
    cluster.late_pages = 99
    ran = command(*COLLECT)
    assert ran.status == 2 and "continue parameter is too old" in ran.err and ran.err.count("\n") == 1


def test_an_experiment_that_is_not_there(command: Command) -> None:
    ran = command(*COLLECT)
    assert ran.status == 2 and "has no Experiment ml/toy" in ran.err and not FOLDER.exists()
    ran = command(*COLLECT, "--namespace", "elsewhere")
    assert "has no Experiment elsewhere/toy" in ran.err


def test_what_trials_uploaded_brings_their_curves_and_says_why_they_failed(
    command: Command, katib: KatibByHand, store: str
) -> None:
    text = SWEEP.replace("toy:quadratic", "toy:moody").replace("x: [0.1, 0.7, 0.3]", "mood: [nan, prune, print]")
    Path("sweep.yaml").write_text(text, encoding="utf-8")
    command(*SUBMIT, "--store", store)
    for mood, phase in (("nan", "Failed"), ("prune", "Succeeded"), ("print", "Succeeded")):
        ran = command(*f"trial run --config sweep.yaml --param mood={mood} --name toy-{mood} --to {store}".split())
        assert f"uploaded to {store}/toy-{mood}" in ran.err
        katib.start(f"toy-{mood}", mood=mood)
        katib.end(f"toy-{mood}", phase, "what Katib knows", val_acc=1.0)
    shutil.rmtree("results/trials")
    ran = command(*COLLECT, "--files")
    assert ran.status == 0 and "files downloaded from" in ran.out
    assert states(collected()) == [
        (0, TrialState.FAILED, FailureReason.NON_FINITE_METRIC),
        (1, TrialState.PRUNED, None),
        (2, TrialState.COMPLETE, None),
    ]
    assert "hello from the trial" in (FOLDER / "trials/2/output.txt").read_text(encoding="utf-8")


def test_the_curves_of_uploaded_trials_are_those_of_a_local_sweep(
    command: Command, katib: KatibByHand, store: str
) -> None:
    command(*SUBMIT, "--store", store)
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "local")
    for x in ("0.3", "0.7", "0.1"):
        command(*f"trial run --config sweep.yaml --param x={x} --name toy-{x} --to {store}".split())
        katib.start(f"toy-{x}", x=x)
        katib.end(f"toy-{x}", "Succeeded", val_acc=0.0)
    katib.finish()
    command(*COLLECT)
    local = read_result(SweepFolder(Path("results/sweeps/local")))
    assert [each.curve for each in collected().trials] == [each.curve for each in local.trials]
    assert steady(FOLDER) == steady(Path("results/sweeps/local"))
    lines = (FOLDER / "journal.jsonl").read_bytes()
    command(*COLLECT)
    assert (FOLDER / "journal.jsonl").read_bytes() == lines


def test_a_store_that_cannot_be_opened_is_said_before_anything_is_written(
    command: Command, katib: KatibByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    command(*SUBMIT, "--store", "s3://bucket/sweeps")
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    ran = command(*COLLECT)
    assert ran.status == 2 and ran.err.count("\n") == 1 and not FOLDER.exists()
    assert command(*COLLECT, "--no-store").status == 0
