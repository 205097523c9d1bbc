"""`morphogenetic sweep ensemble` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from morphogenetic_engine.cli.views.ensemble_table import diversity_text, print_ensemble, verdict
from morphogenetic_engine.sweeps.ensemble.ensemble_file import EnsembleInfo, Member, SplitCheck
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.cli.conftest import Command

SWEEP = """
experiment: {problem_type: moons, n_samples: 120, hidden_dim: 8, num_layers: 1, warm_up_epochs: 3, adaptation_epochs: 0}
parameters: {lr: [1e-3, 1e-2, 3e-2]}
execution: {max_parallel: 1}
"""


def info(gained: int, lost: int, p_value: float) -> EnsembleInfo:
    check = SplitCheck(samples=100, ensemble=0.9, best_single=0.8, gained=gained, lost=lost, p_value=p_value)
    member = Member(trial=3, replicate=1, weight=1.0, folder="trials/3", validation_accuracy=0.8, test_accuracy=0.75)
    return EnsembleInfo(
        sweep_id="s",
        data="moons",
        models=2,
        left_out={"trials/5": "trials/5/model.pt: cannot be read"},
        members=(member,),
        best_single=3,
        validation=check,
        test=check,
        disagreement=None,
        q_statistic=None,
    )


@pytest.mark.slow
def test_it_shows_both_splits_and_says_where_the_ensemble_is(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    command(*"sweep run --config sweep.yaml --sweep-id s".split())
    ran = command(*"sweep ensemble --sweep-id s --size 3".split())
    assert (ran.status, ran.err) == (0, "")
    assert "selected among 3 models: biased upwards" in ran.out
    assert "not used for selection" in ran.out
    assert "saved: results/sweeps/s/ensemble/ensemble.json" in ran.out
    told = json.loads(command(*"sweep ensemble --sweep-id s --size 3 --json".split()).out)
    assert told == json.loads(Path("results/sweeps/s/ensemble/ensemble.json").read_text(encoding="utf-8"))


def test_a_sweep_without_models_is_one_line(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text('experiment: {workload: "toy:nothing", x: 1}', encoding="utf-8")
    command(*"sweep run --config sweep.yaml --sweep-id s".split())
    ran = command(*"sweep ensemble --sweep-id s".split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1 and "does not say how its models are used" in ran.err


@pytest.mark.parametrize(
    ("gained", "lost", "p_value", "said"),
    [
        (5, 3, 0.73, "no clear difference: the ensemble is right on 5 test samples"),
        (9, 0, 0.004, "the ensemble is better: "),
        (0, 9, 0.004, "the single model is better: "),
        (0, 0, 1.0, "no clear difference: "),
    ],
)
def test_the_verdict_claims_no_more_than_the_test_split_shows(
    gained: int, lost: int, p_value: float, said: str
) -> None:
    assert verdict(info(gained, lost, p_value)).startswith(said)


def test_one_member_has_no_diversity_and_what_is_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert diversity_text(info(0, 0, 1.0)).startswith("diversity: none")
    print_ensemble(Console(width=200), info(0, 0, 1.0), SweepFolder(Path("s")))
    shown = capsys.readouterr().out
    assert "left out: 1 without a whole model, the first is trials/5 (trials/5/model.pt: cannot be read)" in shown
    assert "3, replicate 1" in shown


def test_code_of_another_directory_is_imported_only_with_trust(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'experiment: {workload: "foreign:nothing", x: 1}'
    (workplace / "sweep.yaml").write_text(text, encoding="utf-8")
    (workplace / "foreign.py").write_text("def nothing(params, trial): return {'val_acc': 1.0}", encoding="utf-8")
    command(*"sweep run --config sweep.yaml --sweep-id s".split())
    (workplace / "foreign.py").write_text("open('ran', 'w').close()\n", encoding="utf-8")
    elsewhere = workplace / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for given in ("ensemble", "promote --name m"):
        ran = command(*f"sweep {given} --sweep-id s --results ../results/sweeps".split())
        assert ran.status == 2 and "would be imported from" in ran.err and "--trust" in ran.err
        assert not Path("ran").exists()
    command(*"sweep ensemble --trust --sweep-id s --results ../results/sweeps".split())
    assert Path("ran").exists()
