"""The origin of a sweep is in `sweep.json`; in folders of earlier versions, in `katib.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.origin import Origin

FROZEN = Path(__file__).parents[2] / "frozen" / "format_1" / "results" / "sweeps"


UID = "34f085c4-3c0e-4344-84c6-404eed151e58"


@pytest.fixture
def collected(tmp_path: Path) -> SweepFolder:
    """A folder that an earlier version collected from Katib."""
    return SweepFolder(Path(shutil.copytree(FROZEN / "katib", tmp_path / "katib")))


def test_a_folder_of_an_earlier_version_has_the_origin_of_katib_json(collected: SweepFolder) -> None:
    assert b"origin" not in collected.info.read_bytes()
    origin = collected.read_info().origin
    assert origin == Origin(delegate="katib", system="Katib", kind="Experiment", name="katib", namespace="ml", uid=UID)


def test_a_sweep_of_this_machine_has_no_origin() -> None:
    folders = [path for path in FROZEN.iterdir() if not (path / "katib.json").exists()]
    assert folders and all(SweepFolder(path).read_info().origin is None for path in folders)


def test_the_origin_is_kept_when_sweep_json_is_written_again(collected: SweepFolder) -> None:
    info = collected.read_info()
    collected.write_info(info)
    (collected.path / "katib.json").unlink()
    written = collected.read_info()
    assert written == info.model_copy(update={"format": 2}) and info.origin is not None


@pytest.mark.parametrize(
    "content, why",
    [
        ("{", "is damaged"),
        ('{"name": "toy"}', "is damaged: namespace: Field required"),
        ('{"format": 2}', "is of format 2"),
    ],
)
def test_a_damaged_katib_json_is_an_error(collected: SweepFolder, content: str, why: str) -> None:
    (collected.path / "katib.json").write_text(content, encoding="utf-8")
    with pytest.raises(SweepError, match=f"katib.json: {why}"):
        collected.read_info()


def test_the_stop_command_names_the_system_where_it_is_not_katib() -> None:
    katib = Origin(delegate="katib", system="Katib", kind="Experiment", name="toy", namespace="ml")
    assert katib.stop_command == "morphogenetic sweep stop --experiment toy --namespace ml"
    other = Origin(delegate="trainer", system="Trainer", kind="TrainJob", name="toy")
    assert (katib.where, other.where) == ("Experiment ml/toy", "TrainJob toy")
    assert other.stop_command == "morphogenetic sweep stop --to trainer --experiment toy"
