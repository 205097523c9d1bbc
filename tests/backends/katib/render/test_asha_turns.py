"""An ASHA has no more turns than Katib is told, whatever its results are."""

from __future__ import annotations

import random

import pytest

from morphogenetic_engine.backends.katib.render.rung_jobs import katib_trials, most_asha_turns
from morphogenetic_engine.sweeps.config_file import config_from
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Pause, TrialRecord
from morphogenetic_engine.sweeps.search.halving.asha import AshaPromoter


@pytest.mark.parametrize("seed", range(60))
def test_its_turns_are_at_most_as_many_as_katib_is_told(seed: int) -> None:
    chance = random.Random(seed)
    halving = {"full": chance.choice([4, 9, 27]), "first_rung": 1, "eta": chance.choice([2, 3])}
    optimization = {"n_trials": chance.randint(1, 40), "lookahead": chance.choice([1, 2, 3, 8]), "halving": halving}
    written = {
        "sweep_type": "random",
        "experiment": {"workload": "tests.toy:rising"},
        "parameters": {"x": {"low": 0.0, "high": 1.0}},
        "optimization": {**optimization, "strategy": "asha"},
    }
    config = config_from(written, where="sweep.yaml").config
    promoter, failing = AshaPromoter(config, config.optimization.n_trials or 0), chance.choice([0.0, 0.2, 0.8])
    trials: dict[int, TrialRecord] = {}
    done = 0
    while not promoter.is_over:
        turns = promoter.turns(trials)
        for job in turns[done:]:
            if job is not None:
                trial = trials.setdefault(job.trial, TrialRecord(job.trial, 0, {}))
                if chance.random() < failing:
                    trial.state = TrialState.FAILED
                else:
                    trial.state, trial.rung = TrialState.PAUSED, job.rung
                    trial.pauses.append(Pause(job.rung, {"val_acc": chance.random()}, 0.0))
        assert len(turns) > done or not any(turns[promoter.awaited :]), "it waits for nothing"
        done = len(turns)
    turns = promoter.turns(trials)
    assert len(turns) <= most_asha_turns(config)
    assert sum(job is not None for job in turns) <= katib_trials(config)
