"""The folder of a sweep: its files, its name, and damaged or existing folders."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.config_file import ConfigFile, read_config
from morphogenetic_engine.sweeps.record.folder import SweepFolder, all_sweeps, find_sweep, new_sweep, write_whole
from tests.sweeps.record.earlier import info_of_format_1 as old

TEXT = "# my sweep\nparameters: {x: [1e-4, 2, TPE, true]}\n"


@pytest.fixture(name="file")
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigFile:
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(TEXT, encoding="utf-8")
    return read_config(Path("sweep.yaml"))


NewSweep = Callable[[str | None], SweepFolder]


@pytest.fixture(name="make")
def _make(file: ConfigFile, tmp_path: Path) -> NewSweep:
    return lambda sweep_id: new_sweep(tmp_path / "results" / "sweeps", sweep_id, file, file.config)


def test_a_new_sweep_has_its_file_as_given_and_all_that_is_needed_to_run_it_again(
    make: NewSweep, file: ConfigFile, tmp_path: Path
) -> None:
    folder = make("first")
    assert folder.path == tmp_path / "results" / "sweeps" / "first"
    assert sorted(path.name for path in folder.path.iterdir()) == ["config.yaml", "sweep.json", "trials"]
    assert folder.config.read_text(encoding="utf-8") == TEXT
    info = folder.read_info()
    assert (info.format, info.sweep_id, info.config_path) == (2, "first", "sweep.yaml")
    assert info.config == file.config
    assert info.identity == file.config.identity
    assert info.working_directory == str(tmp_path)
    assert info.versions["numpy"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", info.created)


def test_the_paths_of_a_sweep() -> None:
    folder = SweepFolder(Path("results/sweeps/one"))
    assert folder.sweep_id == "one"
    assert [str(path) for path in (folder.journal, folder.table, folder.workers_log, folder.trial(12))] == [
        "results/sweeps/one/journal.jsonl",
        "results/sweeps/one/trials.csv",
        "results/sweeps/one/workers.log",
        "results/sweeps/one/trials/12",
    ]


def test_sweeps_without_a_name_are_named_after_the_second_even_when_it_is_the_same(make: NewSweep) -> None:
    ids = [make(None).sweep_id for _ in range(20)]
    assert len(set(ids)) == 20
    assert all(re.fullmatch(r"\d{8}_\d{6}(_\d+)?", each) for each in ids)
    assert any(each.endswith("_2") for each in ids)


def test_a_taken_id_is_refused_with_how_to_resume(make: NewSweep) -> None:
    folder = make("one")
    folder.trial(0).mkdir()
    before = folder.info.read_bytes()
    with pytest.raises(SweepError) as caught:
        make("one")
    assert str(caught.value) == f"{folder.path}: exists; resume it with `sweep resume --sweep-id one`"
    assert folder.info.read_bytes() == before


@pytest.mark.parametrize("missing", ["sweep.json", "config.yaml", "trials"])
def test_an_id_of_which_no_trial_ever_began_is_free(make: NewSweep, missing: str) -> None:
    folder = make("one")
    folder.journal.write_bytes(b'{"format":1,"event":"session_ended","time":1.0,"outcome":"aborted","message":"no"}\n')
    path = folder.path / missing
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    assert make("one") == folder
    assert folder.info.exists() and folder.config.exists() and not folder.journal.exists()


def test_a_folder_that_holds_something_else_is_never_taken(make: NewSweep) -> None:
    folder = make("one")
    (folder.path / "notes.txt").write_text("mine")
    with pytest.raises(SweepError, match="exists"):
        make("one")


@pytest.mark.parametrize("sweep_id", ["../x", "a/b", "", ".hidden", "-x", "..", "a b", "a\n", "x" * 101, "/abs", "ü"])
def test_an_id_that_is_no_plain_name_is_refused(make: NewSweep, tmp_path: Path, sweep_id: str) -> None:
    message = re.escape(f"sweep id: must be letters, digits, '_', '.' and '-' (100 at most), but got {sweep_id!r}")
    with pytest.raises(SweepError, match=f"^{message}$"):
        make(sweep_id)
    with pytest.raises(SweepError, match=f"^{message}$"):
        find_sweep(tmp_path, sweep_id)
    assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] == ["results", "sweeps"]


def test_results_that_cannot_be_written_are_named(tmp_path: Path, file: ConfigFile) -> None:
    (tmp_path / "results").write_text("a file, no folder", encoding="utf-8")
    with pytest.raises(StoreError, match=f"^{tmp_path}/results: cannot be written: File exists$"):
        new_sweep(tmp_path / "results", "one", file, file.config)
    with pytest.raises(StoreError, match=f"^{tmp_path}/results/sweeps: cannot be written: Not a directory$"):
        new_sweep(tmp_path / "results" / "sweeps", "one", file, file.config)


def test_a_sweep_is_found_by_its_id_and_a_near_miss_is_named(make: NewSweep, tmp_path: Path) -> None:
    results = tmp_path / "results" / "sweeps"
    with pytest.raises(SweepError, match=f"^{results}: has no sweep 'moons_1'; there is no sweep yet$"):
        find_sweep(results, "moons_1")
    folder = make("moons_1")
    assert find_sweep(results, "moons_1") == folder
    with pytest.raises(SweepError, match=f"^{results}: has no sweep 'moon_1'; did you mean 'moons_1'\\?$"):
        find_sweep(results, "moon_1")


def test_all_sweeps_are_those_with_a_sweep_json_by_id(make: NewSweep, tmp_path: Path) -> None:
    results = tmp_path / "results" / "sweeps"
    assert not all_sweeps(results)
    make("b")
    make("a")
    (results / "half_made").mkdir()
    assert [folder.sweep_id for folder in all_sweeps(results)] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda _: b"", "is damaged: "),
        (lambda whole: whole[: len(whole) // 2], "is damaged: "),
        (lambda _: b"[]", "is damaged: the whole: "),
        (lambda whole: whole.replace(b'"format": 2', b'"format": 3'), "is damaged: its checksum is "),
        (lambda whole: whole.replace(b'"format": 2', b'"format": 1'), "is damaged: its checksum is "),
        (lambda whole: whole.replace(b'"seed": 42', b'"seed": 43'), "is damaged: its checksum is "),
        (lambda whole: whole.replace(b'"check"', b'"chekc"'), "is damaged: check: is not at its end"),
        (lambda whole: old(whole).replace(b'"format": 1', b'"format": 3'), "is of format 3, but this version reads"),
        (lambda whole: old(whole).replace(b'"format": 1', b'"format": "x"'), "is damaged: format: "),
        (lambda whole: old(whole).replace(b'"format": 1', b'"format": 0'), "is damaged: format: "),
        (lambda whole: old(whole).replace(b'"identity"', b'"idenity"'), "is damaged: identity: Field required"),
        (lambda whole: old(whole).replace(b'"grid"', b'"gird"'), "is damaged: config.sweep_type"),
        (lambda whole: old(whole).replace(b'"seed": 42', b'"seed": 43'), "is damaged: config: was changed after the"),
    ],
)
def test_a_damaged_or_newer_sweep_json_is_told_in_one_line(
    make: NewSweep, change: Callable[[bytes], bytes], problem: str
) -> None:
    folder = make("one")
    before = folder.info.read_bytes()
    folder.info.write_bytes(change(before))
    assert folder.info.read_bytes() != before
    with pytest.raises(SweepError) as caught:
        folder.read_info()
    assert str(caught.value).startswith(f"{folder.info}: {problem}")
    assert len(str(caught.value).splitlines()) == 1


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_changed_bit_of_sweep_json_is_noticed(make: NewSweep, data: st.DataObject) -> None:
    folder = SweepFolder(Path("results/sweeps/one"))
    whole = (folder if folder.info.exists() else make("one")).info.read_bytes()
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    folder.info.write_bytes(changed)
    try:
        with pytest.raises(SweepError, match="is damaged"):
            folder.read_info()
    finally:
        folder.info.write_bytes(whole)


def test_a_renamed_folder_has_its_new_name(make: NewSweep) -> None:
    folder = make("one")
    moved = SweepFolder(folder.path.rename(folder.path.with_name("two")))
    assert moved.read_info().sweep_id == "two"


def test_sweep_json_of_an_earlier_version_is_read_and_then_written_with_a_checksum(make: NewSweep) -> None:
    folder = make("one")
    folder.info.write_bytes(old(folder.info.read_bytes()))
    info = folder.read_info()
    folder.write_info(info)
    assert b'"check"' in folder.info.read_bytes()
    assert folder.read_info().config == info.config


def test_a_temporary_file_that_is_a_link_is_not_followed(make: NewSweep, tmp_path: Path) -> None:
    folder = make("one")
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (folder.path / ".sweep.json.part").symlink_to(outside)
    folder.write_info(folder.read_info())
    assert outside.read_bytes() == b"precious"
    assert not folder.info.is_symlink()


def test_a_file_that_others_may_not_read_stays_so(make: NewSweep) -> None:
    folder = make("one")
    folder.info.chmod(0o600)
    folder.write_info(folder.read_info())
    assert folder.info.stat().st_mode & 0o777 == 0o600


def test_a_sweep_of_a_file_that_others_may_not_read_is_not_readable_either(make: NewSweep, file: ConfigFile) -> None:
    file.path.chmod(0o600)
    folder = make("one")
    assert [path.stat().st_mode & 0o777 for path in (folder.config, folder.info)] == [0o600, 0o600]


def test_a_missing_sweep_json_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="sweep.json: cannot be read: No such file or directory$"):
        SweepFolder(tmp_path).read_info()


def test_sweep_json_is_plain_json_for_people(make: NewSweep) -> None:
    text = make("one").info.read_text(encoding="utf-8")
    assert len(text.splitlines()) > 10
    assert orjson.loads(text)["config"]["parameters"]["x"]["choices"] == [0.0001, 2, "TPE", True]


def test_the_git_commit_says_where_files_differed(
    make: NewSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert make("outside").read_info().git_commit is None

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        done = subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "sweep.yaml")
    git("commit", "--quiet", "--message=first")
    commit = git("rev-parse", "HEAD")
    assert make("clean").read_info().git_commit == commit
    (tmp_path / "sweep.yaml").write_text("changed", encoding="utf-8")
    assert make("dirty").read_info().git_commit == f"{commit}-dirty"


def test_a_machine_without_git_has_no_commit(make: NewSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make("one").read_info().git_commit is None


def test_write_whole_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_write_whole_leaves_the_old_file_when_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(StoreError) as caught:
            write_whole(path, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value) == f"{path}: cannot be written: File too large"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_write_whole_says_when_there_is_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file/inside: cannot be written: Not a directory$"):
        write_whole(tmp_path / "file" / "inside", b"")
    with pytest.raises(StoreError, match="missing/inside: cannot be written: No such file or directory$"):
        write_whole(tmp_path / "missing" / "inside", b"")
