"""No sweep's folder holds a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_of_text
from morphogenetic_engine.sweeps.run.preflight import check_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep

SWEEP = "experiment: {workload: 'toy:quadratic'}\nparameters: {x: [1, 2]}\n"
WITH_PASSWORD = {
    "tracking.mlflow_uri": "tracking: {mlflow_uri: 'https://me:hush@host/'}",
    "tracking.sinks.mine": "tracking: {sinks: {mine: 'https://me:hu?s@h@host/'}}",
    "optimization.storage": "optimization: {storage: 'postgresql://host/db?user=me&password=hush'}",
}


def file_of(text: str) -> ConfigFile:
    return config_of_text(SWEEP + text, where="sweep.yaml")


@pytest.mark.parametrize("key", WITH_PASSWORD)
def test_a_sweep_with_a_password_is_refused_before_anything_is_written(workplace: Path, key: str) -> None:
    for attempt in (
        lambda file: start_sweep(file, results=Path("results")),
        lambda file: check_sweep(file, watch_seconds=0),
    ):
        with pytest.raises(ConfigError, match=f"^sweep.yaml: {key}: holds a password.*write \\$\\{{NAME\\}}") as caught:
            attempt(file_of(WITH_PASSWORD[key]))
        assert "hush" not in str(caught.value) and "hu?s" not in str(caught.value)
    assert not (workplace / "results").exists()


@pytest.mark.parametrize(
    "text",
    [
        "tracking: {mlflow_uri: 'https://me:${HUSH}@host/'}",
        "tracking: {mlflow_uri: 'https://me@host:5000/a@b'}",
        "optimization: {storage: 'postgresql://me@host:5432/db?sslmode=require&password=${HUSH}'}",
        "optimization: {storage: '${HUSH}'}",
    ],
)
def test_a_sweep_that_names_variables_is_not(workplace: Path, text: str) -> None:
    folder = start_sweep(file_of(text), results=workplace / "results")
    assert folder.info.is_file()


def test_a_folder_that_has_one_from_before_goes_on_but_gets_no_new_one(workplace: Path) -> None:
    folder = start_sweep(file_of(""), results=workplace / "results")
    info, tracking = folder.read_info(), file_of(WITH_PASSWORD["tracking.mlflow_uri"]).config.tracking
    folder.write_info(info.with_config(info.config.model_copy(update={"tracking": tracking}), 2))
    continue_sweep(folder.sweep_id, results=workplace / "results")
    with pytest.raises(ConfigError, match="optimization.storage: holds a password"):
        continue_sweep(
            folder.sweep_id,
            results=workplace / "results",
            overrides={"optimization.storage": "postgresql://me:hush@host/db"},
        )
