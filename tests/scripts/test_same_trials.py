"""Trial tables are compared apart from times."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.same_trials import main

TABLE = "number,state,lr,val_acc,attempts,started,duration\n0,complete,0.1,0.5,1,today,3.0\n1,failed,0.2,,2,today,4.0\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("0.5", "0.5000001", ["trial 0: val_acc '0.5' and '0.5000001'"]),
        ("1,failed,0.2,,2,today,4.0\n", "", ["trial 1: is only in the first sweep"]),
        (
            TABLE[TABLE.index("0,") :],
            "",
            ["trial 0: is only in the first sweep", "trial 1: is only in the first sweep"],
        ),
        ("1,failed,0.2,,", "1,complete,0.3,,", ["trial 1: state 'failed' and 'complete', lr '0.2' and '0.3'"]),
        ("today,3.0", "tomorrow,9.0", []),
        (",val_acc,", ",another,", []),
        ("duration", "duration,katib_trial", []),
    ],
)
def test_what_differs_is_told(
    old: str, new: str, told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("here", TABLE), ("there", TABLE.replace(old, new))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trials.csv").write_text(text, encoding="utf-8")
    assert main(tmp_path / "here", tmp_path / "there") == int(bool(told))
    assert capsys.readouterr().err == "".join(f"same_trials.py: {each}\n" for each in told)
