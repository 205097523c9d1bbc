"""The section `experiment` of a sweep file: what a trial runs, and the parameters that are given."""

from __future__ import annotations

import ast
import re
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

from morphogenetic_engine.metric_names import PARAMETER_NAME
from morphogenetic_engine.sweeps.schema.parameters import Scalar, Section, number, scalar
from morphogenetic_engine.trial import Value

DEFAULT_WORKLOAD = "morphogenetic_engine.engine.training:train"


def _scalar_or_axis(value: object) -> object:
    if not isinstance(value, list):
        return scalar(value)
    if not value:
        raise ValueError("a list is an axis of the search and must not be empty")
    return [scalar(item) for item in value]


_Given = Annotated[Scalar | list[Scalar], BeforeValidator(_scalar_or_axis)]


class ExperimentConfig(Section):
    """What a trial runs, and the parameters that are given. A list is one more axis of the search."""

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
    command: tuple[StrictStr, ...] | None = None
    """A program and its arguments instead of a workload; {lr} stands for the parameter lr, no shell is involved."""

    _numbers = field_validator("replicates", mode="before")(number)

    @model_validator(mode="before")
    @classmethod
    def _has_a_workload(cls, written: object) -> object:
        if isinstance(written, dict) and written.get("workload") is None and written.get("command") is None:
            return {**written, "workload": DEFAULT_WORKLOAD}
        return written

    @model_validator(mode="after")
    def _one_workload(self) -> ExperimentConfig:
        if self.command is not None and self.workload is not None:
            raise ValueError("workload and command exclude each other; keep one")
        if self.replicates > 1 and "seed" in self.parameters:
            raise ValueError("replicates give each run a seed of its own; leave seed out")
        if self.command is not None and not self.command:
            raise ValueError("command must name a program")
        return self

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
    def _without_missing_source(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leaves the source out where there is none: such sweeps keep the identity that they had before the key."""
        written: dict[str, object] = serialize(self)
        if self.workload_source is None:
            written.pop("workload_source", None)
        return written

    @model_validator(mode="after")
    def _names_are_plain(self) -> ExperimentConfig:
        twice = self.inputs.keys() & self.__pydantic_extra__.keys()
        if twice:
            raise ValueError(f"inputs: {', '.join(sorted(twice))} is given a second time beside them; keep one")
        for name in self.parameters:
            if PARAMETER_NAME.fullmatch(name) is None:
                raise ValueError(f"names must match {PARAMETER_NAME.pattern}, but got {name!r}")
        return self

    @property
    def parameters(self) -> dict[str, Value | list[Value]]:
        """The given parameters in the order of the file, the inputs after them; a list is an axis."""
        return {**self.__pydantic_extra__, **self.inputs}
