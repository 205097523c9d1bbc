"""Links that lead out of a folder."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.storage.local_file import leads_out


def test_a_link_that_leads_out_of_a_folder_is_found_at_any_depth(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "a" / "b").mkdir(parents=True)
    (home / "a" / "inside").symlink_to(home)
    assert not leads_out(home / "a", home)
    (home / "a" / "b" / "outside").symlink_to("/etc/passwd")
    assert leads_out(home / "a", home)
