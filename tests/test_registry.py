"""Registries find built-in parts and those of installed packages, and import a part only when it is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.registry import Registry

GROUP = "morphogenetic_engine.tested_colours"
BUILT_IN = {"red": "colours_of_ours:RED", "green": "colours_with_extra:GREEN [engine]"}


def install(folder: Path, distribution: str, entries: dict[str, str]) -> None:
    """Lays out what pip leaves in a site-packages folder for a package that registers entry points."""
    metadata = folder / f"{distribution}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in entries.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_built_in_names_are_listed_without_an_import() -> None:
    assert Registry("colour", GROUP, BUILT_IN).names == ("red", "green")


def test_a_part_of_an_installed_package_is_found_and_imported_on_load_only(site: Path) -> None:
    install(site, "more-colours", {"blue": "installed_colours_a:BLUE"})
    (site / "installed_colours_a.py").write_text("BLUE = 'deep'")
    registry = Registry("colour", GROUP, BUILT_IN)
    assert registry.names == ("red", "green", "blue") and registry.built_in == ("red", "green")
    assert "blue" in registry and "black" not in registry
    assert "installed_colours_a" not in sys.modules
    assert registry.load("blue", str) == "deep"


def test_load_refuses_a_part_of_another_type(site: Path) -> None:
    (site / "colours_of_ours.py").write_text("RED = 255")
    with pytest.raises(ConfigError, match=r"colour 'red' \(colours_of_ours:RED\): must be of type str, .* type int"):
        Registry("colour", GROUP, BUILT_IN).load("red", str)


def test_an_unknown_name_is_answered_with_the_nearest_or_all(site: Path) -> None:
    install(site, "more-colours", {"magenta": "nowhere:M"})
    registry = Registry("colour", GROUP, BUILT_IN)
    with pytest.raises(ConfigError, match=r"unknown colour 'magent'; did you mean 'magenta'\?"):
        registry.find("magent")
    with pytest.raises(ConfigError, match="unknown colour 'x'; must be one of red, green, magenta"):
        registry.find("x")


@pytest.mark.parametrize("name", ["red", "blue"])
def test_two_packages_with_one_name_are_an_error_that_names_both(site: Path, name: str) -> None:
    install(site, "one", {name: "one:PART"})
    install(site, "other", {"blue": "other:PART"})
    with pytest.raises(ConfigError, match=rf"colour '{name}': .* both have this name; uninstall one"):
        _ = Registry("colour", GROUP, BUILT_IN).names


def test_the_same_entry_found_twice_on_the_path_is_no_duplicate(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site / "a", "one", {"blue": "one:PART"})
    install(site / "b", "one-again", {"blue": "one:PART"})
    monkeypatch.syspath_prepend(site / "a")
    monkeypatch.syspath_prepend(site / "b")
    assert Registry("colour", GROUP, BUILT_IN).names == ("red", "green", "blue")


def test_a_part_whose_extra_is_not_installed_names_the_extra(site: Path) -> None:
    (site / "colours_with_extra.py").write_text("import a_library_that_nobody_has")
    with pytest.raises(ConfigError, match=r"colour 'green': needs a_library_that_nobody_has: pip install 'morpho.*\["):
        Registry("colour", GROUP, BUILT_IN).find("green")


@pytest.mark.parametrize("source", ["raise RuntimeError('no\\nluck')", "OTHER = 1", "import nothing_of_this_name"])
def test_a_part_that_cannot_be_loaded_is_one_line(site: Path, source: str) -> None:
    install(site, "broken", {"blue": "installed_colours_b:BLUE"})
    (site / "installed_colours_b.py").write_text(source)
    sys.modules.pop("installed_colours_b", None)
    with pytest.raises(ConfigError, match="colour 'blue'.*installed_colours_b") as caught:
        Registry("colour", GROUP, BUILT_IN).find("blue")
    assert "\n" not in str(caught.value)


def test_importing_the_registry_imports_nothing_heavy() -> None:
    code = (
        "import sys, morphogenetic_engine.registry; print({'numpy', 'pydantic', 'optuna', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
