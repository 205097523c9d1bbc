"""A trial of an OptimizationJob tells Kubeflow Trainer its metrics: once, and again while Trainer is busy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from morphogenetic_engine.cli.trial import trial
from morphogenetic_engine.errors import ClusterError, ConfigError
from morphogenetic_engine.sweeps.config_file import config_from
from morphogenetic_engine.sweeps.single_trial.trainer_job import check_told, parameters_of, tell_trainer

STATUS = "/apis/trainer.kubeflow.org/v1alpha1/namespaces/ml/trainjobs/toy-trial-1/status"


@dataclass
class Trainer:
    """Trainer's server of statuses."""

    answers: list[int] = field(default_factory=list)
    """The statuses of the next answers; then 200."""
    told: list[dict[str, object]] = field(default_factory=list)


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    found = Trainer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert (self.path, self.headers["Authorization"]) == (STATUS, "Bearer secret")
            status = found.answers.pop(0) if found.answers else 200
            if status == 200:
                found.told.append(body["trainerStatus"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"no such TrainJob" if status == 404 else b"")

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("KUBEFLOW_TRAINER_SERVER_URL", f"http://127.0.0.1:{server.server_port}{STATUS}")
        monkeypatch.setenv("KUBEFLOW_TRAINER_SERVER_TOKEN", str(tmp_path / "token"))
        monkeypatch.setenv("KUBEFLOW_TRAINER_SERVER_CA_CERT", str(tmp_path / "ca.crt"))
        yield found
        server.shutdown()


def test_metrics_are_told_with_all_digits(trainer: Trainer) -> None:
    tell_trainer({"val_acc": 0.1 + 0.2, "size": 3.0})
    (told,) = trainer.told
    assert told["progressPercentage"] == 100
    assert told["metrics"] == [{"name": "val_acc", "value": "0.30000000000000004"}, {"name": "size", "value": "3.0"}]


def test_a_busy_server_is_asked_again(trainer: Trainer) -> None:
    trainer.answers = [503, 429, 409]
    pauses: list[float] = []
    tell_trainer({"val_acc": 1.0}, pause=pauses.append)
    assert len(trainer.told) == 1 and pauses == [1.0, 2.0, 4.0]


def test_a_refusal_is_told_at_once_and_a_server_that_stays_busy_at_last(trainer: Trainer) -> None:
    trainer.answers = [404]
    with pytest.raises(ClusterError, match=r"status: 404: no such TrainJob$"):
        tell_trainer({"val_acc": 1.0})
    trainer.answers = [500] * 8
    with pytest.raises(ClusterError, match="the objective could not be told: HTTP Error 500"):
        tell_trainer({"val_acc": 1.0}, pause=lambda seconds: None)


def test_a_cluster_that_takes_no_metrics_is_told_before_the_trial_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBEFLOW_TRAINER_SERVER_URL", raising=False)
    with pytest.raises(ConfigError, match="KUBEFLOW_TRAINER_SERVER_URL: .* feature gate TrainJobStatus"):
        check_told()


def test_parameters_have_their_names_again() -> None:
    given = {"KUBEFLOW_TRAINER_OPT_opt_x2E_lr": "0.1", "KUBEFLOW_TRAINER_OPT_Depth": "3", "HOME": "/tmp"}
    assert parameters_of(given) == {"opt.lr": "0.1", "Depth": "3"}
    with pytest.raises(ConfigError, match="KUBEFLOW_TRAINER_OPT_...: no such environment variable is set"):
        parameters_of({"HOME": "/tmp"})


def test_a_trial_runs_with_trainers_parameters_and_tells_its_result(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {
        "sweep_type": "random",
        "experiment": {"workload": "tests.toy:quadratic"},
        "parameters": {"x": {"low": 0.0, "high": 1.0}},
        "optimization": {"n_trials": 3, "secondary_metrics": ["twice"]},
    }
    monkeypatch.setenv("MORPHOGENETIC_SWEEP", config_from(written, where="sweep.yaml").config.canonical_json)
    monkeypatch.setenv("KUBEFLOW_TRAINER_OPT_x", "0.25")
    words = ["run", "--config", "env", "--optimization-job", "--dir", str(tmp_path / "trial")]
    ran = CliRunner().invoke(trial, words, standalone_mode=False)
    assert ran.return_value == 0, ran.output
    (told,) = trainer.told
    metrics = {each["name"]: float(each["value"]) for each in told["metrics"]}  # type: ignore[attr-defined]
    assert metrics["val_acc"] == pytest.approx(-(0.05**2), abs=1e-3) and metrics["twice"] == 2 * metrics["val_acc"]
