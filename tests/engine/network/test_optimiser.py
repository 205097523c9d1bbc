"""The engine's Adam is torch's, without the import of torch's compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn, optim

from morphogenetic_engine.engine.network.optimiser import Adam

_TRAINING = """
import sys
from pathlib import Path
from morphogenetic_engine.engine.training import train
from morphogenetic_engine.testing.fused import RecordedTrial, train_alone
params = {"problem_type": "spirals", "n_samples": 60, "device": "cpu", "warm_up_epochs": 2, "adaptation_epochs": 3,
    "patience": 1, "checkpoint_every": 2}
trial = RecordedTrial(0, params, Path(sys.argv[1]))
train_alone(train, trial)
assert trial.metrics, trial.ended_by
print(sorted({"torch._dynamo", "torch._inductor", "sympy"} & set(sys.modules)))
"""


def test_a_training_does_not_import_torchs_compiler(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", _TRAINING, tmp_path], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("fused", [True, False])
def test_steps_and_state_are_those_of_torchs_adam(*, fused: bool) -> None:
    weight, groups, moments = _trained(Adam, fused=fused)
    torchs_weight, torchs_groups, torchs_moments = _trained(optim.Adam, fused=fused)
    assert torch.equal(weight, torchs_weight) and groups == torchs_groups
    assert all(map(torch.equal, moments, torchs_moments))


def _trained(make: type[optim.Adam], *, fused: bool) -> tuple[Tensor, object, list[Tensor]]:
    """Returns weights, groups and moments after some steps, the latter as another optimiser loads them."""
    layer = nn.Linear(5, 3)
    nn.init.constant_(layer.weight, 0.5)
    nn.init.zeros_(layer.bias)
    optimiser = make(layer.parameters(), lr=0.01, fused=fused)
    for number in range(3):
        optimiser.zero_grad()
        torch.autograd.backward(layer(torch.arange(10.0).view(2, 5)).square().sum() / (number + 1))
        optimiser.step()
    again = make(layer.parameters(), lr=1.0)
    again.load_state_dict(optimiser.state_dict())
    state = again.state_dict()
    return layer.weight, state["param_groups"], [state["state"][0][name] for name in sorted(state["state"][0])]


def test_a_step_leaves_gradients_enabled() -> None:
    layer = nn.Linear(2, 1)
    optimiser = Adam(layer.parameters())
    torch.autograd.backward(layer(torch.ones(1, 2)).sum())
    optimiser.step()
    assert torch.is_grad_enabled() and layer.weight.requires_grad
