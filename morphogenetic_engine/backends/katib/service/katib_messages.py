"""The part of Katib's interface `api.v1.beta1` that a suggestion service speaks, as protobuf messages.

Built from the numbers of the fields at import, so that no generated code and no compiler is needed. Messages are
converted from and to the JSON mapping of protobuf, which `request.py` describes with types.
"""

# pylint: disable=no-name-in-module  # of protobuf, which makes its classes at import
from __future__ import annotations

from collections.abc import Mapping

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import Message

PACKAGE = "api.v1.beta1"
SERVICE = f"{PACKAGE}.Suggestion"

# Each field: its name, number and type; "*" before the type: there are several.
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Setting": {"name": (1, "string"), "value": (2, "string")},
    "AlgorithmSpec": {"algorithm_name": (1, "string"), "algorithm_settings": (2, "*Setting")},
    "FeasibleSpace": {
        "max": (1, "string"),
        "min": (2, "string"),
        "list": (3, "*string"),
        "step": (4, "string"),
        "distribution": (5, "FeasibleSpace.Distribution"),
    },
    "ParameterSpec": {
        "name": (1, "string"),
        "parameter_type": (2, "ParameterSpec.ParameterType"),
        "feasible_space": (3, "FeasibleSpace"),
    },
    "ParameterSpecs": {"parameters": (1, "*ParameterSpec")},
    "ObjectiveSpec": {
        "type": (1, "ObjectiveSpec.ObjectiveType"),
        "goal": (2, "double"),
        "objective_metric_name": (3, "string"),
        "additional_metric_names": (4, "*string"),
    },
    "ExperimentSpec": {
        "parameter_specs": (1, "ParameterSpecs"),
        "objective": (2, "ObjectiveSpec"),
        "algorithm": (3, "AlgorithmSpec"),
        "parallel_trial_count": (5, "int32"),
        "max_trial_count": (6, "int32"),
    },
    "Experiment": {"name": (1, "string"), "spec": (2, "ExperimentSpec")},
    "ParameterAssignments": {"assignments": (1, "*Setting")},
    "TrialSpec": {"objective": (2, "ObjectiveSpec"), "parameter_assignments": (3, "ParameterAssignments")},
    "Observation": {"metrics": (1, "*Setting")},
    "TrialStatus": {
        "start_time": (1, "string"),
        "completion_time": (2, "string"),
        "condition": (3, "TrialStatus.Condition"),
        "observation": (4, "Observation"),
    },
    "Trial": {"name": (1, "string"), "spec": (2, "TrialSpec"), "status": (3, "TrialStatus")},
    "GetSuggestionsRequest": {
        "experiment": (1, "Experiment"),
        "trials": (2, "*Trial"),
        "current_request_number": (4, "int32"),
        "total_request_number": (5, "int32"),
    },
    "SuggestedTrial": {"assignments": (1, "*Setting"), "trial_name": (2, "string")},
    "GetSuggestionsReply": {"parameter_assignments": (1, "*SuggestedTrial"), "algorithm": (2, "AlgorithmSpec")},
    "ValidateAlgorithmSettingsRequest": {"experiment": (1, "Experiment")},
    "ValidateAlgorithmSettingsReply": {},
}
_ENUMS: Mapping[str, str] = {
    "ParameterSpec.ParameterType": "UNKNOWN_TYPE DOUBLE INT DISCRETE CATEGORICAL",
    "FeasibleSpace.Distribution": "DISTRIBUTION_UNSPECIFIED UNIFORM LOG_UNIFORM NORMAL LOG_NORMAL",
    "ObjectiveSpec.ObjectiveType": "UNKNOWN MINIMIZE MAXIMIZE",
    "TrialStatus.Condition": "CREATED RUNNING SUCCEEDED KILLED FAILED METRICSUNAVAILABLE EARLYSTOPPED UNKNOWN",
}
_SCALARS: Mapping[str, FieldDescriptorProto.Type.ValueType] = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
}


def to_json(message: Message) -> dict[str, object]:
    """Returns a message in the JSON mapping, with the names of the interface."""
    return dict(json_format.MessageToDict(message, preserving_proto_field_name=True))


def of_json(name: str, written: Mapping[str, object]) -> Message:
    """Returns the message of a name; fields that it does not have are left out."""
    return json_format.ParseDict(dict(written), message_class(name)(), ignore_unknown_fields=True)


def to_bytes(message: Message) -> bytes:
    """Returns a message as it is sent."""
    return message.SerializeToString()


def message_class(name: str) -> type[Message]:
    """Returns the class of a message."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def _pool() -> descriptor_pool.DescriptorPool:
    """Returns a pool of its own: Katib's SDK, in the same process, registers the same names in the common one."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(
        FileDescriptorProto(
            name="suggestion.proto",
            package=PACKAGE,
            syntax="proto3",
            message_type=[_message(name, fields) for name, fields in _MESSAGES.items()],
        )
    )
    return pool


def _message(name: str, fields: Mapping[str, tuple[int, str]]) -> DescriptorProto:
    enums = [
        _enum(each.removeprefix(f"{name}."), values) for each, values in _ENUMS.items() if each.startswith(f"{name}.")
    ]
    return DescriptorProto(name=name, field=[_field(each, *fields[each]) for each in fields], enum_type=enums)


def _field(name: str, number: int, written: str) -> FieldDescriptorProto:
    kind = written.removeprefix("*")
    repeated = FieldDescriptorProto.LABEL_REPEATED if kind != written else FieldDescriptorProto.LABEL_OPTIONAL
    field = FieldDescriptorProto(name=name, number=number, label=repeated)
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_ENUM if kind in _ENUMS else FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"
    return field


def _enum(name: str, values: str) -> EnumDescriptorProto:
    numbered = [EnumValueDescriptorProto(name=value, number=number) for number, value in enumerate(values.split())]
    return EnumDescriptorProto(name=name, value=numbered)


_POOL = _pool()
