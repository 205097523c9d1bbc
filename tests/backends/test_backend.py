"""Delegates are found by their names, and `--to` may be left out where there is only one."""

from __future__ import annotations

import sys
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from morphogenetic_engine.backends import delegates
from morphogenetic_engine.backends.backend import load_delegate
from morphogenetic_engine.cli import options
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.registry import Registry


@click.command()
@options.target
def command(target: str) -> None:
    click.echo(" ".join(["runs on", target, *options.target_words(target)]))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with a second delegate, which lacks the methods of one."""
    module = ModuleType("elsewhere")
    module.__dict__["DELEGATE"] = object()
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    katib = "morphogenetic_engine.backends.katib.katib_delegate:KATIB"
    registry = Registry("delegate", "none.installed", {"katib": katib, "elsewhere": "elsewhere:DELEGATE"})
    monkeypatch.setattr(delegates, "DELEGATES", registry)
    monkeypatch.setattr("morphogenetic_engine.backends.backend.DELEGATES", registry)
    return registry


def test_a_system_that_sweeps_are_only_written_for_leaves_the_choice_alone() -> None:
    assert CliRunner().invoke(command, []).output == "runs on katib\n"
    given = CliRunner().invoke(command, ["--to", "optimizationjob"])
    assert given.output == "runs on optimizationjob --to optimizationjob\n"


def test_katib_is_a_delegate() -> None:
    assert load_delegate("katib").system == "Katib"


def test_an_unknown_name_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown delegate 'trainer'; must be one of katib"):
        load_delegate("trainer")


@pytest.mark.usefixtures("two")
def test_an_object_without_the_methods_is_refused() -> None:
    with pytest.raises(ConfigError, match="delegate 'elsewhere': must have the methods of .*backend.Delegate"):
        load_delegate("elsewhere")


def test_the_only_delegate_is_the_default() -> None:
    assert CliRunner().invoke(command).output == "runs on katib\n"
    assert CliRunner().invoke(command, ["--to", "katib"]).output == "runs on katib\n"


@pytest.mark.usefixtures("two")
def test_of_several_delegates_one_must_be_named() -> None:
    ran = CliRunner().invoke(command)
    assert ran.exit_code == 2 and "must be given, since there are several: katib, elsewhere." in ran.output
    assert CliRunner().invoke(command, ["--to", "elsewhere"]).output == "runs on elsewhere --to elsewhere\n"
    assert "--to [katib|elsewhere]" in CliRunner().invoke(command, ["--help"]).output


def test_a_misspelt_name_is_refused_with_a_suggestion() -> None:
    ran = CliRunner().invoke(command, ["--to", "katip"])
    assert ran.exit_code == 2 and "unknown delegate 'katip'; did you mean 'katib'?" in ran.output
