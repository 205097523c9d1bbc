"""Requests of Katib's controller and the answers to them: our own types of the messages that the service reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict


class _Message(BaseModel):
    """A message in the JSON mapping of protobuf, with the names of its interface; default values are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Pair(_Message):
    """A name and a text: a setting, an assignment or a metric."""

    name: str = ""
    value: str = ""


class _Algorithm(_Message):
    algorithm_name: str = ""
    algorithm_settings: tuple[Pair, ...] = ()


class _Objective(_Message):
    type: str = "UNKNOWN"
    objective_metric_name: str = ""
    additional_metric_names: tuple[str, ...] = ()


class _Parameter(_Message):
    name: str = ""


class _Parameters(_Message):
    parameters: tuple[_Parameter, ...] = ()


class _ExperimentSpec(_Message):
    parameter_specs: _Parameters = _Parameters()
    objective: _Objective = _Objective()
    algorithm: _Algorithm = _Algorithm()
    parallel_trial_count: int = 0
    max_trial_count: int = 0


class Experiment(_Message):
    """The Experiment of a request."""

    name: str = ""
    spec: _ExperimentSpec = _ExperimentSpec()

    @property
    def settings(self) -> dict[str, str]:
        return {each.name: each.value for each in self.spec.algorithm.algorithm_settings}

    @property
    def parameters(self) -> list[str]:
        return [each.name for each in self.spec.parameter_specs.parameters]


class Condition(StrEnum):
    """The state of a trial."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    KILLED = "KILLED"
    FAILED = "FAILED"
    METRICSUNAVAILABLE = "METRICSUNAVAILABLE"
    EARLYSTOPPED = "EARLYSTOPPED"
    UNKNOWN = "UNKNOWN"

    @property
    def ended(self) -> bool:
        return self not in {Condition.CREATED, Condition.RUNNING, Condition.UNKNOWN}


class _Observation(_Message):
    metrics: tuple[Pair, ...] = ()


class _Status(_Message):
    condition: Condition = Condition.CREATED
    observation: _Observation = _Observation()


class _Assignments(_Message):
    assignments: tuple[Pair, ...] = ()


class _TrialSpec(_Message):
    parameter_assignments: _Assignments = _Assignments()


class Trial(_Message):
    """A trial of a request: all that were created and are not without metrics, in no order."""

    name: str = ""
    spec: _TrialSpec = _TrialSpec()
    status: _Status = _Status()

    @property
    def assignments(self) -> dict[str, str]:
        return {each.name: each.value for each in self.spec.parameter_assignments.assignments}

    @property
    def metrics(self) -> dict[str, str]:
        return {each.name: each.value for each in self.status.observation.metrics}


class Request(_Message):
    """GetSuggestionsRequest, and ValidateAlgorithmSettingsRequest, which has an Experiment alone."""

    experiment: Experiment = Experiment()
    trials: tuple[Trial, ...] = ()
    current_request_number: int = 0
    """The number of trials that are wanted."""
    total_request_number: int = 0
    """The number of trials that were suggested before, plus these."""

    @cached_property
    def places(self) -> range:
        """The places of the wanted trials in the order of Katib's trials, from 0."""
        return range(self.total_request_number - self.current_request_number, self.total_request_number)


class Code(StrEnum):
    """The status codes of refusals; Katib asks again after any of them, except INVALID_ARGUMENT when it validates."""

    UNAVAILABLE = "UNAVAILABLE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"


@dataclass(frozen=True)
class Refusal:
    """An answer without trials, and why."""

    code: Code
    text: str
    awaited: str = ""
    """Katib's name of the trial whose end is waited for; empty: nothing is waited for."""


@dataclass(frozen=True)
class Suggested:
    """One trial of a reply."""

    name: str
    assignments: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """The trials that were asked for, in their order."""

    trials: Sequence[Suggested] = field(default_factory=tuple)

    @property
    def message(self) -> dict[str, object]:
        """The reply in the JSON mapping of protobuf."""
        return {
            "parameter_assignments": [
                {
                    "trial_name": each.name,
                    "assignments": [{"name": name, "value": value} for name, value in each.assignments.items()],
                }
                for each in self.trials
            ]
        }
