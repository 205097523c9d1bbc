"""Constraints with the lowest versions that pyproject.toml allows."""

from __future__ import annotations

import pytest

from scripts.lowest_versions import locked_versions, lowest_versions


def test_a_lower_bound_is_the_version() -> None:
    dependencies = ["click>=8.1.8", "optuna>=5.0,<6", "psycopg[binary]>=3.2.1", "Types_PyYAML", "optuna<6, >= 5.10"]
    assert list(lowest_versions(dependencies, {"types-pyyaml": "6.0.12"})) == [
        "click==8.1.8",
        "optuna==5.10",
        "psycopg==3.2.1",
        "types-pyyaml==6.0.12",
    ]


def test_the_package_s_own_extras_have_no_version() -> None:
    assert not list(lowest_versions(["morphogenetic-engine[engine,bayesian]"], {}))


def test_a_package_without_any_version_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"pyproject\.toml: black: must have a lower bound"):
        list(lowest_versions(["black"], {}))


def test_versions_are_read_from_a_lock_file() -> None:
    assert locked_versions("# of make lock\nBlack==26.10.1\nruamel.yaml==0.18\n") == {
        "black": "26.10.1",
        "ruamel-yaml": "0.18",
    }
