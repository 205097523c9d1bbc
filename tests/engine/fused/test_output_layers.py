"""The last layers of a stack have the bits of each network's own, whatever its width."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from morphogenetic_engine.engine.fused.output_layers import OutputLayers

WIDTHS = (16, 17, 20, 31, 37, 40, 50, 63)
PADDED = 64


def padded(tensors: list[Tensor]) -> Tensor:
    stacked = torch.zeros(len(tensors), tensors[0].shape[0], PADDED)
    for row, tensor in zip(stacked, tensors, strict=True):
        row[:, : tensor.shape[1]] = tensor
    return stacked


@pytest.mark.parametrize("samples", [64, 33])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_logits_and_gradients_are_those_of_each_layer_alone(samples: int, classes: int) -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(width, classes) for width in WIDTHS]
    inputs = [torch.relu(torch.randn(samples, width)) for width in WIDTHS]
    wanted = [torch.randn(samples, classes) for _ in WIDTHS]
    with torch.no_grad():
        weights, biases = (
            padded([layer.weight for layer in layers]),
            torch.stack([layer.bias[None] for layer in layers]),
        )
        stack = OutputLayers(weights, biases, WIDTHS)
        logits = stack.forward(padded(inputs))
        gradients = stack.weight_gradient(torch.stack(wanted), padded(inputs))
    for row, (layer, x, g) in enumerate(zip(layers, inputs, wanted, strict=True)):
        alone = layer(x)
        torch.autograd.backward(alone, g)
        assert layer.weight.grad is not None
        if WIDTHS[row] % 8:  # made by themselves: equal on every machine; of the others the self-check decides
            assert torch.equal(logits[row], alone)
            assert torch.equal(gradients[row, :, : WIDTHS[row]], layer.weight.grad)
        torch.testing.assert_close(logits[row], alone)
        torch.testing.assert_close(gradients[row, :, : WIDTHS[row]], layer.weight.grad)
        assert not gradients[row, :, WIDTHS[row] :].any()
