"""Files of samples: written values are read back, and invalid files are rejected with a message."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from morphogenetic_engine.engine.data.data_export import write_data_set
from morphogenetic_engine.engine.data.data_file import read_samples, samples_bytes
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import PROBLEMS, TrainingSettings
from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(x_NF=arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 4)), elements=FINITE))
def test_what_is_written_comes_back(tmp_path_factory: pytest.TempPathFactory, x_NF: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("data") / "a.npz"
    y_N = np.arange(len(x_NF), dtype=np.int64) % 2
    path.write_bytes(samples_bytes(x_NF, y_N, "about"))
    read_x_NF, read_y_N = read_samples(path)
    assert np.array_equal(x_NF, read_x_NF) and np.array_equal(y_N, read_y_N)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "file"])
def test_the_file_of_a_problem_is_the_problem(tmp_path: Path, name: str) -> None:
    settings = TrainingSettings(problem_type=name, n_samples=60, cluster_size=20, sphere_size=20)
    written = write_data_set(settings, tmp_path / "new" / "a.npz", replace=False)
    problem = make_problem(settings)
    again = make_problem(TrainingSettings.from_params({"data_file": str(tmp_path / "new" / "a.npz")}))
    assert np.array_equal(problem.x_NF, again.x_NF) and np.array_equal(problem.y_N, again.y_N)
    assert (written.samples, written.features) == problem.x_NF.shape
    assert written.classes == again.classes == problem.classes


def test_equal_settings_give_equal_bytes_and_say_where_they_come_from(tmp_path: Path) -> None:
    settings = TrainingSettings(n_samples=60, seed=7)
    hashes = {write_data_set(settings, tmp_path / name, replace=False).sha256 for name in ("a", "b", "a")}
    assert len(hashes) == 1
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with np.load(tmp_path / "a") as file:
        about = json.loads(str(file["about"]))
    assert (about["problem_type"], about["seed"], about["n_samples"]) == ("spirals", 7, 60)


def test_another_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("notes", encoding="ascii")
    with pytest.raises(StoreError, match="mine: holds something else; use --force"):
        write_data_set(TrainingSettings(n_samples=60), tmp_path / "mine", replace=False)
    assert (tmp_path / "mine").read_text(encoding="ascii") == "notes"
    write_data_set(TrainingSettings(n_samples=60), tmp_path / "mine", replace=True)
    assert read_samples(tmp_path / "mine")[0].shape == (60, 3)


X = np.zeros((4, 2))
Y = np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("arrays_", "message"),
    [
        ({"x": X}, "must be an .npz file with the arrays x and y"),
        ({"x": X[0], "y": Y}, r"x must be numbers, samples by features, but is float64 of shape \(2,\)"),
        ({"x": X.astype(str), "y": Y}, "x must be numbers"),
        ({"x": X, "y": Y * 1.0}, "y must be whole numbers"),
        ({"x": X, "y": Y[:3]}, "must be equally long, but have 4 and 3"),
        ({"x": X * np.nan, "y": Y}, "x must be finite"),
        ({"x": X, "y": Y + 1}, "y must hold each class from 0 to at least 1, but holds 1, 2"),
        ({"x": X, "y": Y * 0}, "but holds 0"),
        ({"x": X, "y": Y * 2}, "but holds 0, 2"),
        ({"x": X[:0], "y": Y[:0]}, "but holds nothing"),
    ],
)
def test_arrays_that_are_no_samples_are_named(tmp_path: Path, arrays_: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays_)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=rf"data_file: .*a\.npz: .*{message}"):
        read_samples(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", samples_bytes(X, Y, "")[:-30]])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.npz: is no whole \.npz file"):
        read_samples(tmp_path / "a.npz")


def test_damaged_bytes_are_found(tmp_path: Path) -> None:
    whole = samples_bytes(X, Y, "")
    for place, byte in enumerate(whole):
        (tmp_path / "a.npz").write_bytes(whole[:place] + bytes([byte ^ 0xFF]) + whole[place + 1 :])
        try:
            x_NF, y_N = read_samples(tmp_path / "a.npz")
        except MorphogeneticError:
            continue
        assert np.array_equal(x_NF, X) and np.array_equal(y_N, Y)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{"code": 1}], dtype=object), y=Y)
    with pytest.raises(ConfigError, match="is no whole .npz file of numbers"):
        read_samples(tmp_path / "a.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"data_file: .*none\.npz: cannot be read: No such file"):
        read_samples(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "params",
    [
        {"data_file": "a.npz", "problem_type": "moons"},
        {"problem_type": "file"},
        {"data_file": "", "problem_type": "file"},
    ],
)
def test_the_file_and_the_problem_go_together(params: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="data_file: must be given when problem_type is file, and only then"):
        TrainingSettings.from_params(params)
