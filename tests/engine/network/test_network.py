"""Growth does not change the output at first, and a dormant seed costs nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from morphogenetic_engine.engine.network.network import Network, SeedState, SentinelSeed, Shape

CPU = torch.device("cpu")


def network(*, seeds_per_layer: int = 1, num_layers: int = 3, blend_steps: int = 4, seed: int = 0) -> Network:
    shape = Shape(5, 3, hidden_dim=8, num_layers=num_layers, seeds_per_layer=seeds_per_layer, blend_steps=blend_steps)
    return Network(shape, torch.Generator().manual_seed(seed), CPU)


def samples() -> Tensor:
    return torch.randn(16, 5, generator=torch.Generator().manual_seed(1))


def grow(grown: Network, position: int, *, steps: int) -> SentinelSeed:
    """Germinate a seed with a child that does not return zeros, and blend it in by some steps."""
    generator = torch.Generator().manual_seed(2 + position)
    grown.germinate(position, generator)
    seed = grown.seeds[position]
    for parameter in seed.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator)
    grown.start_blending(position)
    for _ in range(steps):
        seed.blend()
    return seed


def kernels(measured: Network) -> list[str]:
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
        measured(samples())
    return [event.name for event in profiler.events()]


def test_dormant_seeds_change_no_bit_and_run_no_kernel() -> None:
    bare, sown = network(seeds_per_layer=0), network(seeds_per_layer=100)
    assert torch.equal(bare(samples()), sown(samples()))
    assert kernels(bare) == kernels(sown)


def test_dormant_seeds_are_never_called_and_hold_no_parameters() -> None:
    sown = network(seeds_per_layer=100)
    called: list[nn.Module] = []
    for seed in sown.seeds:
        seed.register_forward_hook(lambda module, *_: called.append(module))
    sown(samples())
    assert not called
    assert sum(parameter.numel() for seed in sown.seeds for parameter in seed.parameters()) == 0


def test_trunk_is_a_multi_layer_perceptron() -> None:
    trunk = network()
    plain = nn.Sequential(trunk.input, nn.ReLU())
    for block in trunk.blocks:
        plain += nn.Sequential(block, nn.ReLU())
    assert torch.equal(trunk(samples()), trunk.output(plain(samples())))


def test_weights_follow_the_generator_and_leave_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = network(seed=3), network(seed=3), network(seed=4)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first(samples()), again(samples()))
    assert not torch.equal(first(samples()), other(samples()))


def test_signal_keeps_its_size_over_many_blocks() -> None:
    shape = Shape(64, 2, hidden_dim=128, num_layers=16, seeds_per_layer=0, blend_steps=1)
    taps: list[Tensor] = []
    x_BF = torch.randn(64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        Network(shape, torch.Generator().manual_seed(0), CPU)(x_BF, taps)
    assert 0.2 < (taps[-1].square().mean() / taps[0].square().mean()).item() < 5.0


def test_a_seed_in_training_changes_no_bit() -> None:
    trunk, grown = network(), network()
    grown.germinate(1, torch.Generator())
    assert torch.equal(trunk(samples()), grown(samples()))


def test_blending_starts_at_nothing_and_rises_evenly_to_the_whole_child() -> None:
    grown = network(blend_steps=4)
    seed = grow(grown, 0, steps=0)
    x_BD = torch.rand(6, 8, generator=torch.Generator().manual_seed(5))
    child_BD = seed.propose(x_BD)
    for step in range(5):
        assert seed.alpha == step / 4
        assert torch.allclose(seed(x_BD), x_BD + step / 4 * child_BD)
        assert seed.state is (SeedState.BLENDING if step < 4 else SeedState.ACTIVE)
        seed.blend()
    assert seed.alpha == 1.0


def test_output_lands_softly() -> None:
    trunk, grown = network(), network(blend_steps=1000)
    seed = grow(grown, 2, steps=0)
    assert torch.equal(trunk(samples()), grown(samples()))
    whole = torch.dist(trunk(samples()), network_after(grown, seed, 1000))
    seed.blended, seed.state = 0, SeedState.BLENDING
    before = grown(samples())
    assert torch.dist(before, network_after(grown, seed, 1)) < 0.01 * whole


def network_after(grown: Network, seed: SentinelSeed, steps: int) -> Tensor:
    for _ in range(steps):
        seed.blend()
    output: Tensor = grown(samples())
    return output


def test_outputs_of_a_blocks_seeds_are_averaged() -> None:
    grown = network(seeds_per_layer=3, num_layers=1)
    taps: list[Tensor] = []
    first, second = grow(grown, 2, steps=4), grow(grown, 0, steps=1)
    output = grown(samples(), taps)
    mean_BD = (first(taps[0]) + second(taps[0]) + taps[0]) / 3
    assert torch.allclose(output, grown.output(mean_BD), atol=1e-6)


def test_freezing_the_trunk_leaves_only_children_to_train() -> None:
    grown = network()
    grow(grown, 1, steps=4)
    grown.freeze_trunk()
    trainable = [parameter for parameter in grown.parameters() if parameter.requires_grad]
    assert {id(parameter) for parameter in trainable} == {id(parameter) for parameter in grown.seeds[1].parameters()}


def test_a_seed_lives_in_one_order_only() -> None:
    seed = network().seeds[0]
    with pytest.raises(ValueError, match="must be training to become blending, but it is dormant"):
        seed.start_blending()
    with pytest.raises(ValueError, match="a dormant seed has no child"):
        seed.propose(torch.zeros(1, 8))
    seed.germinate(torch.Generator(), CPU)
    with pytest.raises(ValueError, match="must be dormant to become training, but it is training"):
        seed.germinate(torch.Generator(), CPU)


def test_a_new_child_returns_zeros() -> None:
    seed = network().seeds[0]
    seed.germinate(torch.Generator(), CPU)
    assert not seed.propose(torch.rand(4, 8)).any()


def test_restored_seeds_add_up_in_the_same_order_whatever_germinated_first() -> None:
    grown = network(seeds_per_layer=3)
    for position, steps in ((5, 4), (3, 2), (4, 1)):
        grow(grown, position, steps=steps)
    grown.germinate(0, torch.Generator())
    restored = network(seeds_per_layer=3, seed=9)
    restored.restore_seeds(grown.seed_records())
    restored.load_state_dict(grown.state_dict())
    assert torch.equal(grown(samples()), restored(samples()))
    assert restored.seed_records() == grown.seed_records()


def test_probabilities_add_up_to_one_and_need_no_gradient() -> None:
    p_BC = network().predict(samples())
    assert torch.allclose(p_BC.sum(dim=1), torch.ones(16))
    assert not p_BC.requires_grad
