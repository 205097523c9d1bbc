"""Katib's suggestion controller in front of our service: an Experiment and its trials in, the next trial out."""

from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.backends.katib.service.request import Refusal, Request
from morphogenetic_engine.backends.katib.service.settings_check import check_settings
from morphogenetic_engine.backends.katib.service.suggested_trials import suggestions
from tests.backends.katib.client.cluster.fake_kubernetes import Manifest
from tests.backends.katib.render.configs import at
from tests.emulated_katib.controller import TrialEnd


def is_ours(experiment: Manifest) -> bool:
    """Returns whether our service suggests the trials."""
    return bool(at(experiment, "spec", "algorithm", "algorithmName") == "morphogenetic")


class Suggester:
    """Asks for one trial after the other, as with parallelTrialCount 1."""

    def __init__(self, name: str, experiment: Manifest, namespace: str) -> None:
        self._namespace = namespace
        self.name = ""
        """The trial that was suggested last."""
        spec = at(experiment, "spec")
        objective = spec["objective"]
        self._experiment = {
            "name": name,
            "spec": {
                "parameter_specs": {"parameters": [{"name": each["name"]} for each in spec["parameters"]]},
                "objective": {
                    "type": objective["type"].upper(),
                    "objective_metric_name": objective["objectiveMetricName"],
                    "additional_metric_names": objective.get("additionalMetricNames", []),
                },
                "algorithm": {"algorithm_settings": spec["algorithm"]["algorithmSettings"]},
                "parallel_trial_count": spec["parallelTrialCount"],
                "max_trial_count": spec["maxTrialCount"],
            },
        }
        self._most = int(spec["maxTrialCount"])
        self._trials: list[dict[str, object]] = []
        self._asked = self._completed = 0
        self._last: dict[str, str] = {}
        assert check_settings(Request.model_validate({"experiment": self._experiment}).experiment) is None

    def points(self) -> Iterator[dict[str, str]]:
        """Yields the assignments of the next trial, until enough are done."""
        while self._completed < self._most:
            self._asked += 1
            numbers = {"current_request_number": 1, "total_request_number": self._asked}
            request = {"experiment": self._experiment, "trials": self._trials[::-1], **numbers}
            answer = suggestions(Request.model_validate(request), self._namespace)
            assert not isinstance(answer, Refusal), answer
            (trial,) = answer.trials
            self.name, self._last = trial.name, dict(trial.assignments)
            yield self._last

    def ended(self, end: TrialEnd) -> None:
        """Takes the end of the trial that was suggested last; Katib tells of none without metrics, and counts none."""
        if end.phase == "MetricsUnavailable":
            return
        self._completed += 1
        values = [{"name": name, "value": value} for name, value in self._last.items()]
        metrics = [{"name": name, "value": str(seen.latest)} for name, seen in (end.observation or {}).items()]
        status = {"condition": end.phase.upper(), "observation": {"metrics": metrics}}
        spec = {"parameter_assignments": {"assignments": values}}
        self._trials.append({"name": self.name, "spec": spec, "status": status})
