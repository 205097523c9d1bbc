"""The installed wheel holds the package with its data files, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_only_the_package(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2 and "morphogenetic_engine" in tops
    assert [top for top in tops if top.endswith(".dist-info")]
    for wanted in ("py.typed", "reports/page/templates/report.html", "steps/templates/run.html", "cli/main.py"):
        assert f"morphogenetic_engine/{wanted}" in names
