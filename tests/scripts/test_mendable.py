"""The findings of the image scan that stop a release."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mendable import mendable


def finding(name: str, *, ecosystem: str = "PyPI", of: str | None = None, **event: str) -> dict[str, object]:
    affected = {
        "package": {"name": of or name, "ecosystem": ecosystem},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, event]}],
    }
    package = {"name": name, "version": "1.0", "ecosystem": ecosystem}
    return {"package": package, "vulnerabilities": [{"id": "GHSA-1", "affected": [affected]}]}


def test_a_python_package_with_a_newer_version_that_mends_it_counts() -> None:
    report: dict[str, object] = {"results": [{"packages": [finding("flask", of="Flask", fixed="1.1")]}]}
    assert list(mendable(report)) == ["flask 1.0: GHSA-1, mended in 1.1"]


@pytest.mark.parametrize(
    "package",
    [
        finding("flask", last_affected="1.0"),
        finding("flask", of="werkzeug", fixed="1.1"),
        finding("openssl", ecosystem="Debian:12", fixed="3.1"),
    ],
    ids=["no newer version", "another package", "the base image's"],
)
def test_what_is_not_in_our_hands_does_not_count(package: dict[str, object]) -> None:
    assert not list(mendable({"results": [{"packages": [package]}]}))
    assert not list(mendable({"results": None}))


@pytest.mark.parametrize(("event", "status"), [({"fixed": "1.1"}, 1), ({"last_affected": "1.0"}, 0)])
def test_the_exit_status_says_whether_there_is_any(tmp_path: Path, event: dict[str, str], status: int) -> None:
    report = tmp_path / "vulnerabilities.json"
    report.write_text(json.dumps({"results": [{"packages": [finding("flask", **event)]}]}), encoding="utf-8")
    script = Path(__file__).parents[2] / "scripts" / "mendable.py"
    assert subprocess.run([sys.executable, script, report], check=False, capture_output=True).returncode == status
