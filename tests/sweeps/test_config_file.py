"""Reading sweep files: accepted forms, and one line for each mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_from, parse_config, parse_yaml, read_config, read_configs
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange


def test_a_sweep_file_keeps_its_text_beside_what_it_means(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("# notes\nparameters: {lr: [1e-4]}\n", encoding="utf-8")
    file = read_config(path)
    assert (file.path, file.text) == (path, "# notes\nparameters: {lr: [1e-4]}\n")
    assert file.config.space.axes == {"lr": Choices((0.0001,))}


def test_a_file_of_another_editor_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_bytes("parameters: {übung: 1}".replace("ü", "u").encode("utf-8-sig"))
    assert read_config(path).config.space.axes == {"ubung": Choices((1,))}


def test_a_folder_is_all_its_sweep_files_by_name(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "notes.txt"):
        (tmp_path / name).write_text("parameters: {x: [1]}", encoding="utf-8")
    assert [file.path.name for file in read_configs(tmp_path)] == ["a.yaml", "b.yml"]
    assert [file.path.name for file in read_configs(tmp_path / "b.yml")] == ["b.yml"]


def test_a_sweep_that_a_program_wrote_is_as_good_as_a_file() -> None:
    written = {"sweep_type": "random", "parameters": {"lr": {"low": 1e-5, "high": 0.1}}}
    overrides = {"optimization.n_trials": 5}
    file = config_from(written, where="quick.yaml", overrides=overrides)
    assert file.path == Path("quick.yaml")
    assert parse_config(parse_yaml(file.text, where="f"), where="f", overrides=overrides) == file.config
    assert file.config.optimization.n_trials == 5


def test_an_anchor_lends_its_keys() -> None:
    text = "parameters: {a: &range {low: 1.0, high: 2.0}, b: {<<: *range, high: 4.0, log: true}}"
    config = parse_config(parse_yaml(text, where="f"), where="f")
    assert config.space.axes == {"a": FloatRange(1.0, 2.0), "b": FloatRange(1.0, 4.0, log=True)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe\x00", "is not UTF-8 text (byte 0)"),
        (b"a: \xc3\x28", "is not UTF-8 text (byte 3)"),
        (b"", "must be a mapping of keys to values, but got nothing"),
        (b"# nothing but notes\n", "must be a mapping of keys to values, but got nothing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "sweep.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_configs(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_folder_without_a_sweep_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_configs(tmp_path)
    assert str(caught.value) == f"{tmp_path}: holds no .yaml file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1,", "f:1:7: is not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: 1\nb: c: d", "f:2:5: is not valid YAML: mapping values are not allowed here"),
        ("a:\n\t- b", "f:2:1: is not valid YAML: found character '\\t' that cannot start any token"),
        ("a: 1\na: 2", "f:2:1: is not valid YAML: duplicate key a"),
        ("execution: {x: {b: 1, b: 1}}", "f:1:23: is not valid YAML: duplicate key b"),
        ("a: 1\n3: 2", "f:2:1: is not valid YAML: keys must be text, but got 3 (quote it)"),
        ("true: 2", "f:1:1: is not valid YAML: keys must be text, but got True (quote it)"),
        ("? [a]\n: 2", "f:1:3: is not valid YAML: keys must be text, but got ['a'] (quote it)"),
        (
            "a: 1\n---\nb: 2",
            "f:2:1: is not valid YAML: expected a single document in the stream but found another document",
        ),
        ("a: 2024-13-45", "f:1:4: is not valid YAML: '2024-13-45' is no timestamp"),
        ("a: 0x_", "f:1:4: is not valid YAML: '0x_' is no int"),
        ('a: "\\ud800"', "f:1:4: is not valid YAML: '\\ud800' is no Unicode text"),
        ("- 1", "f: must be a mapping of keys to values, but got [1]"),
        ("just words", "f: must be a mapping of keys to values, but got 'just words'"),
        ("a: " + 3000 * "[", "f: is nested too deeply"),
    ],
)
def test_a_text_that_is_no_yaml_mapping_is_told_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, where="f")
    assert str(caught.value) == message


def test_yaml_that_would_run_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not determine a constructor"):
        parse_yaml(f"a: !!python/object/apply:os.mkdir ['{tmp_path}/made']", where="f")
    assert not (tmp_path / "made").exists()


def test_a_control_character_is_told_in_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml("a: \x00", where="f")
    assert str(caught.value).startswith("f: is not valid YAML: unacceptable character #x0000")
    assert "\n" not in str(caught.value)


def test_overrides_take_the_place_of_what_the_file_says_and_make_sections() -> None:
    written = {"sweep_type": "random", "optimization": {"n_trials": 5, "seed": 1}}
    overrides = {"optimization.n_trials": 7, "execution.max_parallel": 2, "parameters": {"x": {"low": 0.0, "high": 1}}}
    config = parse_config(written, where="f", overrides=overrides)
    assert (config.optimization.n_trials, config.optimization.seed) == (7, 1)
    assert config.execution.max_parallel == 2
    assert list(config.space.axes) == ["x"]
    assert written == {"sweep_type": "random", "optimization": {"n_trials": 5, "seed": 1}}


@pytest.mark.parametrize(
    ("written", "overrides", "message"),
    [
        ({}, {"optimization.n_trails": 7}, "f: optimization.n_trails: unknown key; did you mean 'n_trials'?"),
        ({}, {"optimization.n_trials": 0}, "f: optimization.n_trials: must be >= 1, but got 0"),
        (3, {"tracking.mlflow": True}, "f: tracking: must be a mapping of keys to values, but got 3"),
    ],
)
def test_an_override_follows_the_same_rules(written: object, overrides: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"sweep_type": "grid", "tracking": written}, where="f", overrides=overrides)
    assert str(caught.value) == message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    """sweep_type experiment parameters execution optimization tracking workload command lr type low high step log
    points choices max_parallel retries crashes early_stopping patience threshold metric n_trials seed
    target_metric secondary_metrics direction timeout mlflow""".split()
)
LIKELY = st.recursive(
    ANYTHING
    | st.sampled_from(["grid", "sobol", "int", "float", "1e-4", "1e999", "{lr}", "auto", 1, 0, -1, 0.5, 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.slow
@settings(max_examples=120)
@given(st.dictionaries(KEYS | st.text(max_size=9), LIKELY, max_size=5))
def test_whatever_a_mapping_holds_it_is_a_sweep_or_one_line(written: dict[str, object]) -> None:
    try:
        config = parse_config(written, where="sweep.yaml")
    except ConfigError as error:
        assert str(error).startswith("sweep.yaml: ")
        assert len(str(error).splitlines()) == 1
    else:
        assert type(config).model_validate_json(config.canonical_json) == config


@settings(max_examples=200)
@given(st.text() | ANYTHING.map(yaml.safe_dump) | st.text("[]{}:,-&*!|>%@`'\"#?\n 01ae", max_size=20))
def test_whatever_a_text_holds_it_is_a_sweep_or_one_line(text: str) -> None:
    try:
        parse_config(parse_yaml(text, where="sweep.yaml"), where="sweep.yaml")
    except ConfigError as error:
        assert str(error).startswith("sweep.yaml:")
        assert len(str(error).splitlines()) == 1
