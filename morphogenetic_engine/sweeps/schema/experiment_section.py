"""The section `experiment` of a sweep file: what a trial runs, and the parameters that are given."""

from __future__ import annotations

import ast
import json
import re
import shlex
from typing import Annotated

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictStr,
    field_validator,
    model_serializer,
    model_validator,
)

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import PARAMETER_NAME, PARAMETER_WORD
from morphogenetic_engine.sweeps.schema.parameter_groups import flat_values
from morphogenetic_engine.sweeps.schema.parameters import GivenGroup, Scalar, Section, number, scalar
from morphogenetic_engine.trial import Value
from morphogenetic_engine.workload.output_metrics import check_patterns

DEFAULT_WORKLOAD = "morphogenetic_engine.engine.training:train"


def _scalar_or_axis(value: object) -> object:
    if not isinstance(value, list):
        return scalar(value)
    if not value:
        raise ValueError("a list is an axis of the search and must not be empty")
    return [scalar(item) for item in value]


_Given = Annotated[
    Scalar | list[Scalar], BeforeValidator(_scalar_or_axis, json_schema_input_type=Scalar | list[Scalar] | GivenGroup)
]


def _command(written: object) -> object:
    if isinstance(written, str):
        raise ValueError(f"must be a list, without a shell: {json.dumps(_words(written))}, but got {written!r}")
    if not isinstance(written, (list, tuple)):
        return written
    for each in written:
        texts = each if isinstance(each, (list, tuple)) else [each]
        for text in texts:
            if not isinstance(text, str):
                raise ValueError(f"arguments must be text, or lists of texts, but got {text!r}; put it in quotes")
    return written


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote that is not closed
        return line.split()


def _one_or_several(written: object) -> object:
    return [written] if isinstance(written, str) else written


class ExperimentConfig(Section):
    """The workload, and parameters with given values. A list is one more axis of the search."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Given]

    workload: str | None = None
    """`module:function`, called as train(params, trial); left out: the morphogenetic engine."""
    workload_source: StrictStr | None = None
    """The text of the module that `workload` names, which workers then import from the sweep's folder. The Python
    interface writes it for functions of scripts and notebooks."""
    inputs: dict[str, Annotated[StrictStr, Field(min_length=1)]] = Field(default_factory=dict)
    """Files that the trials read: a parameter's name and the path that it holds. Their SHA-256 are recorded, and a
    sweep whose inputs have changed is not resumed."""
    replicates: int = Field(default=1, ge=1)
    """Runs of each configuration, with seeds that all configurations share; the objective is made of all of them."""
    command: tuple[StrictStr | tuple[StrictStr, ...], ...] | None = None
    """A program and its arguments instead of a workload; {lr} stands for the parameter lr, no shell is involved. An
    argument that is a list is left out as a whole in trials that lack a parameter of it."""
    metrics_regex: tuple[StrictStr, ...] | None = None
    """Regular expressions that find the metrics in the lines that the command prints, instead of name=value: with two
    groups, the name and the value, or with groups that are called as the metrics, (?P<acc>[0-9.]+)."""

    _texts = field_validator("command", mode="before")(_command)
    _patterns = field_validator("metrics_regex", mode="before")(_one_or_several)
    _numbers = field_validator("replicates", mode="before")(number)

    @model_validator(mode="before")
    @classmethod
    def _has_a_workload(cls, written: object) -> object:
        if not isinstance(written, dict):
            return written
        known = dict(cls.model_fields)
        given = {name: value for name, value in written.items() if name not in known}
        complete = {**{name: written[name] for name in written if name not in given}, **flat_values(given)}
        if written.get("workload") is None and written.get("command") is None:
            complete["workload"] = DEFAULT_WORKLOAD
        return complete

    @model_validator(mode="after")
    def _one_workload(self) -> ExperimentConfig:
        if self.command is not None and self.workload is not None:
            raise ValueError("workload and command exclude each other; keep one")
        if self.replicates > 1 and "seed" in self.parameters:
            raise ValueError("replicates give each run a seed of its own; leave seed out")
        if self.command is not None and not isinstance(next(iter(self.command), None), str):
            raise ValueError("command must name a program")
        if self.metrics_regex is not None and self.command is None:
            raise ValueError("metrics_regex is for a command: a function returns its metrics")
        return self

    @field_validator("metrics_regex")
    @classmethod
    def _patterns_are_valid(cls, patterns: tuple[str, ...] | None) -> tuple[str, ...] | None:
        try:
            check_patterns(patterns or ())
        except ConfigError as error:
            raise ValueError(f"metrics_regex: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _source_is_a_module(self) -> ExperimentConfig:
        if self.workload_source is None:
            return self
        if self.workload is None or re.fullmatch(r"[A-Za-z_]\w*:[A-Za-z_]\w*", self.workload) is None:
            raise ValueError("workload_source needs a workload module:function, whose module has no dots in its name")
        try:
            ast.parse(self.workload_source)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"workload_source must be Python source: {error}") from error
        return self

    @model_serializer(mode="wrap")
    def _without_missing_keys(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leaves newer keys out where they have no value: sweeps keep the identity that they had before the keys."""
        written: dict[str, object] = serialize(self)
        for key in ("workload_source", "metrics_regex"):
            if written.get(key) is None:
                written.pop(key, None)
        return written

    @model_validator(mode="after")
    def _names_are_plain(self) -> ExperimentConfig:
        twice = self.inputs.keys() & self.__pydantic_extra__.keys()
        if twice:
            raise ValueError(f"inputs: {', '.join(sorted(twice))} is given a second time beside them; keep one")
        for name in self.parameters:
            if PARAMETER_NAME.fullmatch(name) is None:
                raise ValueError(f"names must match {PARAMETER_WORD}, with dots between groups, but got {name!r}")
        return self

    @property
    def parameters(self) -> dict[str, Value | list[Value]]:
        """The given parameters in the order of the file, the inputs after them; a list is an axis."""
        return {**self.__pydantic_extra__, **self.inputs}
