"""Loading a workload, and checking a sweep against its declaration."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, WorkloadError
from morphogenetic_engine.trial import Metrics, Params, Train, Trial, declare
from morphogenetic_engine.workload.loading import load_workload, verify_workload

WriteModule = Callable[[str, str], None]


@pytest.fixture(name="write_module")
def _write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteModule:
    """Writes a module that can be imported during the test."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    return write


def test_a_function_is_loaded_by_module_and_name(write_module: WriteModule) -> None:
    write_module("training_code", "def train(params, trial):\n    return {'val_acc': params['x']}\n")
    assert load_workload("training_code:train").__name__ == "train"  # type: ignore[attr-defined]
    assert load_workload("os.path:join").__name__ == "join"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def train(params): ...", "bad_call:train is called as train(params, trial), but is train(params)"),
        (
            "def train(params, trial, *, lr): ...",
            "bad_call:train is called as train(params, trial), but is train(params, trial, *, lr)",
        ),
        (
            "async def train(params, trial): ...",
            "bad_call:train is async or yields; write a plain function that returns its metrics",
        ),
        (
            "def train(params, trial): yield {}",
            "bad_call:train is async or yields; write a plain function that returns its metrics",
        ),
    ],
)
def test_a_function_that_no_trial_could_call_is_refused_before_the_first(
    write_module: WriteModule, source: str, message: str
) -> None:
    write_module("bad_call", source + "\n")
    with pytest.raises(WorkloadError) as caught:
        load_workload("bad_call:train")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "source",
    ["def train(params, trial, lr=1): ...", "def train(*args): ...", "class train:\n    def __init__(self, a, b): ..."],
)
def test_a_function_that_takes_two_arguments_is_loaded(write_module: WriteModule, source: str) -> None:
    write_module("good_call", source + "\n")
    assert callable(load_workload("good_call:train"))


@pytest.mark.parametrize("spec", ["", "train", "a:b:c", "a b:c", ":train", "module:", "module:a.b", "1a:b", "a/b:c"])
def test_a_spec_is_module_colon_function(spec: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        load_workload(spec)
    assert str(caught.value) == f"must be module:function, but got {spec!r}"


@pytest.mark.parametrize(
    ("text", "spec", "message"),
    [
        ("", "missing_one:train", "there is no module 'missing_one' (looked in {cwd} and the installed packages)"),
        ("", "os.missing:train", "there is no module 'os.missing' (looked in {cwd} and the installed packages)"),
        ("", "mine.sub:train", "there is no module 'mine.sub' (looked in {cwd} and the installed packages)"),
        ("import missing_two", "mine:train", "mine needs the module 'missing_two', which is not installed"),
        ("def training(p, t): ...", "mine:trainin", "mine has no function 'trainin'; did you mean 'training'?"),
        ("def _train(p, t): ...", "mine:trainx", "mine has no function 'trainx'"),
        ("train = 3", "mine:train", "mine has no function 'train'"),
        ("1 / 0", "mine:train", "importing mine raised ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\ntwo')", "mine:train", "importing mine raised ValueError: one two"),
        ("import sys; sys.exit(3)", "mine:train", "importing mine raised SystemExit: 3"),
        ("def train(:", "mine:train", "importing mine raised SyntaxError: invalid syntax (mine.py, line 1)"),
    ],
)
def test_what_cannot_be_loaded_says_why(
    write_module: WriteModule, tmp_path: Path, text: str, spec: str, message: str
) -> None:
    write_module("mine", text)
    with pytest.raises(WorkloadError) as caught:
        load_workload(spec)
    assert str(caught.value) == message.format(cwd=tmp_path)


def test_a_part_of_the_package_that_needs_an_extra_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "extra"
    package.mkdir()
    (package / "needy.py").write_text("import a_heavy_package", encoding="utf-8")
    import morphogenetic_engine  # pylint: disable=import-outside-toplevel

    monkeypatch.setattr(morphogenetic_engine, "__path__", [*morphogenetic_engine.__path__, str(package)])
    with pytest.raises(WorkloadError) as caught:
        load_workload("morphogenetic_engine.needy:train")
    assert str(caught.value) == (
        "morphogenetic_engine.needy needs a_heavy_package: pip install 'morphogenetic-engine[engine]'"
    )


def _check(params: Params) -> None:
    if params["x"] == 13:
        raise ConfigError("x: must not be 13, but got 13")
    if params["x"] == 99:
        raise KeyError("y")


@declare(parameters=frozenset({"x", "rate"}), metrics=frozenset({"val_acc", "loss"}), check=_check)
def _declared(_params: Params, _trial: Trial) -> Metrics:
    return {}


def _bare(_params: Params, _trial: Trial) -> Metrics:
    return {}


@pytest.mark.parametrize("train", [_declared, _bare])
def test_a_sweep_that_fits_passes(train: Train) -> None:
    verify_workload(train, metrics=["val_acc"], probe=[{"x": 1}, {"x": 2, "rate": 0.1}])


def test_a_bare_workload_takes_any_name() -> None:
    verify_workload(_bare, metrics=["anything"], probe=[{"whatever": 1}])


@pytest.mark.parametrize(
    ("metrics", "params", "message"),
    [
        (["val_ac"], {"x": 1}, "metric val_ac: the workload does not report it; did you mean 'val_acc'?"),
        (["f1"], {"x": 1}, "metric f1: the workload does not report it; it reports loss, val_acc"),
        (["loss"], {"x": 1, "rats": 2}, "rats: unknown parameter; did you mean 'rate'?"),
        (["loss"], {"x": 1, "zzz": 2}, "zzz: unknown parameter"),
        (["loss"], {"x": 13}, "x: must not be 13, but got 13"),
    ],
)
def test_a_sweep_that_does_not_fit_says_what_the_workload_knows(
    metrics: list[str], params: Params, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        verify_workload(_declared, metrics=metrics, probe=[{"x": 1}, params])
    assert str(caught.value) == message


def test_a_check_that_is_wrong_itself_is_told_as_the_workloads_mistake() -> None:
    with pytest.raises(WorkloadError, match="^its check of the parameters raised KeyError: 'y'$"):
        verify_workload(_declared, metrics=[], probe=[{"x": 99}])
