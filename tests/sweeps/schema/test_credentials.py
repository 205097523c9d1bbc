"""Addresses that name environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri
from morphogenetic_engine.sinks.sink import wanted_sinks
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.schema.storage_address import absolute_storage

FILE = """
sweep_type: bayesian
parameters: {x: {low: 0.0, high: 1.0}}
experiment: {workload: "toy:quadratic"}
optimization: {storage: "${STORAGE}"}
tracking: {mlflow_uri: "https://me:${PASSWORD}@host", sinks: {mine: "${PLACE}/x"}}
"""


def test_variables_have_their_values_where_addresses_are_used_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STORAGE": "postgresql://me:s3cret@host/db", "PASSWORD": "s3cret", "PLACE": "/there"}.items():
        monkeypatch.setenv(name, value)
    config = config_of_text(FILE, where="sweep.yaml").config
    assert "s3cret" not in config.model_dump_json()
    assert config.optimization.storage is not None
    assert absolute_storage(config.optimization.storage, Path("/")) == "postgresql://me:s3cret@host/db"
    assert tracking_uri(config.tracking, Path("results")) == "https://me:s3cret@host"
    assert wanted_sinks(config)["mine"] == "/there/x"


def test_a_variable_that_is_not_set_or_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE", raising=False)
    with pytest.raises(ConfigError, match="^optimization.storage: the environment variable STORAGE is not set$"):
        absolute_storage("${STORAGE}", Path("/"))
    monkeypatch.setenv("STORAGE", "ftp://me:s3cret@host/db")
    with pytest.raises(ConfigError, match="^optimization.storage: must begin with one of") as caught:
        absolute_storage("${STORAGE}", Path("/"))
    assert "s3cret" not in str(caught.value)
