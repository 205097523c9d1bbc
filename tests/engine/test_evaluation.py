"""Scores, health signals and drifts match their definitions."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from morphogenetic_engine.engine import evaluation
from morphogenetic_engine.engine.data.dataset import Samples
from morphogenetic_engine.engine.evaluation import block_variances, drifts, score
from morphogenetic_engine.engine.network.network import Network, Shape

SAMPLES = Samples(torch.randn(50, 5, generator=torch.Generator().manual_seed(1)), torch.arange(50) % 3)


def network() -> Network:
    shape = Shape(5, 3, hidden_dim=8, num_layers=2, seeds_per_layer=1, blend_steps=1)
    return Network(shape, torch.Generator().manual_seed(0), torch.device("cpu"))


def landed(position: int, child: nn.Sequential) -> Network:
    grown = network()
    grown.germinate(position, torch.Generator())
    grown.seeds[position].child = child
    grown.start_blending(position)
    grown.seeds[position].blend()
    return grown


def test_score_is_mean_loss_and_share_of_hits() -> None:
    logits_NC = network()(SAMPLES.x_NF)
    loss, accuracy = score(network(), SAMPLES).tolist()
    assert loss == pytest.approx(functional.cross_entropy(logits_NC, SAMPLES.y_N).item(), rel=1e-6)
    assert accuracy == (logits_NC.argmax(dim=1) == SAMPLES.y_N).sum().item() / 50


def test_score_of_chunks_is_the_score_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score(network(), SAMPLES)
    monkeypatch.setattr(evaluation, "CHUNK", 7)
    assert torch.allclose(score(network(), SAMPLES), whole)


def test_health_is_the_variance_over_samples_averaged_over_units() -> None:
    measured = network()
    x_ND = torch.relu(measured.blocks[0](torch.relu(measured.input(SAMPLES.x_NF))))
    variances = block_variances(measured, SAMPLES)
    assert len(variances) == 2
    assert variances[0] == pytest.approx(((x_ND - x_ND.mean(dim=0)) ** 2).mean().item(), rel=1e-5)


def test_a_block_that_answers_every_sample_alike_has_no_health() -> None:
    measured = network()
    nn.init.zeros_(measured.get_parameter("blocks.0.weight"))
    assert block_variances(measured, SAMPLES)[0] == 0.0


@pytest.mark.parametrize(("factor", "drift"), [(1.0, 0.0), (5.0, 0.0), (-3.0, 2.0)])
def test_scaling_is_no_drift_and_turning_round_is_two(factor: float, drift: float) -> None:
    child = nn.Linear(8, 8, bias=False)
    with torch.no_grad():
        child.weight.copy_(factor * torch.eye(8))
    grown = landed(0, nn.Sequential(child))
    nn.init.ones_(grown.get_parameter("blocks.0.bias"))
    assert drifts(grown, SAMPLES).tolist() == pytest.approx([drift], abs=1e-6)


def test_an_input_of_zeros_has_no_direction_to_drift_from() -> None:
    grown = landed(1, nn.Sequential(nn.Linear(8, 8)))
    nn.init.zeros_(grown.get_parameter("blocks.1.weight"))
    assert drifts(grown, SAMPLES).tolist() == [0.0]
