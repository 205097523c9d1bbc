"""The service over real gRPC, as Katib's controller and probes call it."""

# pylint: disable=no-member  # of the messages of the health service, which are made at import
from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import numbered_name
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service import katib_messages
from morphogenetic_engine.backends.katib.service.request import Reply, Suggested
from morphogenetic_engine.backends.katib.service.suggestion_server import HEALTH_NAME, SuggestionServer
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from tests.backends.katib.service.collected import collected_table
from tests.backends.katib.service.local_run import local_run, result, steady
from tests.backends.katib.service.pod import Pods
from tests.backends.katib.service.simulated_katib import NAMESPACE, SimulatedKatib, experiment_request
from tests.backends.katib.service.test_equal_trials import FAILING, PLAIN, SWEEPS, bayesian, sweep

SECONDS = 600.0


@pytest.fixture
def server() -> Iterator[SuggestionServer]:
    server = SuggestionServer(NAMESPACE, port=0)
    server.start()
    yield server
    server.stop(0)


def call(port: int, method: str, request: Mapping[str, object]) -> dict[str, object] | str:
    """Calls a method as Katib does: plaintext, one channel for each call; a text is the code of a refusal and why."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = channel.unary_unary(
            f"/{katib_messages.SERVICE}/{method}",
            request_serializer=katib_messages.to_bytes,
            response_deserializer=katib_messages.message_class(f"{method}Reply").FromString,
        )
        answer = stub.future(katib_messages.of_json(f"{method}Request", request), timeout=SECONDS)
        if answer.exception() is not None:
            return f"{answer.code().name}: {answer.details()}"
        return katib_messages.to_json(answer.result())


def ask(port: int, request: Mapping[str, object]) -> Reply | str:
    answer = call(port, "GetSuggestions", request)
    if isinstance(answer, str):
        return answer
    found = answer["parameter_assignments"]
    assert isinstance(found, list)
    return Reply(
        [Suggested(each["trial_name"], {a["name"]: a.get("value", "") for a in each["assignments"]}) for each in found]
    )


def test_an_experiment_over_grpc_has_the_local_trials_though_the_service_restarts_before_each_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = local_run(SWEEPS["tpe with conditions"], tmp_path, monkeypatch, FAILING, workers=2)
    config = folder.read_info().config

    def restarted(request: Mapping[str, object]) -> Reply | str:
        server = SuggestionServer(NAMESPACE, port=0)
        server.start()
        try:
            return ask(server.port, request)
        finally:
            server.stop(0)

    pods = Pods(config, FAILING, tmp_path, monkeypatch)
    katib = SimulatedKatib(SentSweep(config, 8), restarted, pods, random.Random(1), 8)
    found = collected_table(katib.run(), SWEEPS["tpe with conditions"], config, tmp_path)
    assert found == steady(folder.table)
    assert any(told.startswith("UNAVAILABLE: trial ") for told in katib.refusals)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"parallel_trial_count": 9},
            "parallelTrialCount: must be <= 8, the sweep's optimization.lookahead, but got 9",
        ),
        ({"max_trial_count": 27}, "maxTrialCount: must be 26, the sweep's number of trials, but got 27"),
        ({"algorithm": {"algorithm_settings": []}}, "algorithmSettings: sweep is missing; write the Experiment with"),
        (
            {"objective": {"type": "MAXIMIZE", "objective_metric_name": "loss"}},
            "objective: must minimize loss, but got",
        ),
        ({"parameter_specs": {"parameters": [{"name": "x"}]}}, "parameters: must be x, lr, depth, act, but got x"),
    ],
)
def test_an_experiment_that_breaks_a_rule_is_refused_with_our_words(
    server: SuggestionServer, change: Mapping[str, object], told: str
) -> None:
    request = experiment_request(SentSweep(SWEEPS["tpe"].config, 8), "probe", 8, 26)
    assert call(server.port, "ValidateAlgorithmSettings", request) == {}
    experiment = request["experiment"]
    assert isinstance(experiment, dict)
    experiment["spec"].update(change)
    refused = call(server.port, "ValidateAlgorithmSettings", request)
    assert str(refused).startswith(f"INVALID_ARGUMENT: {told}")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"strategy": "halving"}, "optimization.halving.full: must be given on Katib"),
        ({"secondary_metrics": ["trial_curve"], "pruner": "MedianPruner"}, "trial_curve: trials report it"),
    ],
)
def test_a_sweep_that_the_service_cannot_run_is_refused(
    server: SuggestionServer, settings: Mapping[str, object], told: str
) -> None:
    config = bayesian("TPE", PLAIN, **settings).config
    request = experiment_request(SentSweep(config, 2), "probe", 2, 26)
    assert str(call(server.port, "ValidateAlgorithmSettings", request)).startswith(f"INVALID_ARGUMENT: {told}")


def test_damaged_settings_and_unknown_values_are_refused(server: SuggestionServer) -> None:
    request = experiment_request(SentSweep(SWEEPS["tpe"].config, 8), "probe", 8, 26)
    experiment = request["experiment"]
    assert isinstance(experiment, dict)
    wanted = {**request, "current_request_number": 1, "total_request_number": 1}
    strange = {**wanted, "trials": [{"name": "probe", "status": {"condition": 77}}]}
    assert str(ask(server.port, strange)).startswith("INVALID_ARGUMENT: the request has an unknown value")
    for setting in experiment["spec"]["algorithm"]["algorithm_settings"]:
        if setting["name"] == "sweep":
            setting["value"] = setting["value"].replace("A", "B", 1)
    assert str(ask(server.port, wanted)).startswith(
        "INVALID_ARGUMENT: algorithmSettings: sweep_sha256: is not the hash"
    )


def test_a_request_of_1500_trials_is_answered(server: SuggestionServer) -> None:
    config = sweep("bayesian", PLAIN, sampler="TPE", n_trials=1504).config
    points = design_of(sweep("random", PLAIN, n_trials=1500).config)
    trials = []
    for number in range(1500):
        params = points.suggest(number, NOTHING_EARLIER)
        values = exact_assignments(config, number, params).items()
        loss = repr(result(config, params, number)["loss"])
        trials.append(
            {
                "name": numbered_name("probe", NAMESPACE, number),
                "spec": {"parameter_assignments": {"assignments": [{"name": n, "value": v} for n, v in values]}},
                "status": {"condition": "SUCCEEDED", "observation": {"metrics": [{"name": "loss", "value": loss}]}},
            }
        )
    request = experiment_request(SentSweep(config, 4), "probe", 4, 1504)
    wanted = {"current_request_number": 4, "total_request_number": 1504}
    answers = []
    for seed in range(2):
        random.Random(seed).shuffle(trials)
        answers.append(ask(server.port, {**request, "trials": trials, **wanted}))
    assert isinstance(answers[0], Reply) and len(answers[0].trials) == 4
    assert answers[0] == answers[1]


def test_the_health_service_answers_katib_s_probe(server: SuggestionServer) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        answer = check(health_pb2.HealthCheckRequest(service=HEALTH_NAME), timeout=SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_taken_port_is_told_in_one_line(server: SuggestionServer) -> None:
    with pytest.raises(ClusterError, match=f"127.0.0.1:{server.port}: the service cannot listen here"):
        SuggestionServer(NAMESPACE, port=server.port)


def test_the_process_answers_until_sigterm_and_ends_with_0() -> None:
    program = [sys.executable, "-m", "morphogenetic_engine.backends.katib.service", "--port", "0"]
    environment = {**os.environ, "MORPHOGENETIC_NAMESPACE": NAMESPACE}
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        port = int(ready.rpartition(":")[2])
        request = experiment_request(SentSweep(SWEEPS["grid"].config, 2), "probe", 2, 20)
        answer = ask(port, {**request, "current_request_number": 2, "total_request_number": 2})
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert isinstance(answer, Reply) and [each.name[-5:] for each in answer.trials] == ["t0000", "t0001"]


def test_a_process_that_does_not_know_its_namespace_says_what_to_do() -> None:
    program = [sys.executable, "-m", "morphogenetic_engine.backends.katib.service", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "MORPHOGENETIC_NAMESPACE"}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ended.returncode == 1
    assert "--namespace: is missing; give it, or set MORPHOGENETIC_NAMESPACE" in ended.stderr
