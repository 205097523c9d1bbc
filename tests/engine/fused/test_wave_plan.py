"""Runs with seeds in different blocks, and of different depths, pass them together."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.engine.fused.kept_prefix import KeptPrefix
from morphogenetic_engine.engine.fused.rows import Rows
from morphogenetic_engine.engine.fused.wave_plan import WavePlan
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.trained_run import data_of


def _run(layers: int, seed: int, *positions: int) -> Run:
    """Returns a run whose seeds at some positions are in its output; each block has two."""
    settings = TrainingSettings(n_samples=100, device="cpu", hidden_dim=16, num_layers=layers, seeds_per_layer=2)
    run = Run(settings, seed, data_of(settings))
    for position in positions:
        run.growth.germinate(position)
        run.network.start_blending(position)
        for parameter in run.network.seeds[position].parameters():
            torch.nn.init.normal_(parameter)
        for _ in range(position + 1):
            run.network.seeds[position].blend()
    run.network.freeze_trunk()
    return run


def test_seeds_in_different_blocks_are_one_site() -> None:
    runs = [_run(4, 1, 0), _run(4, 2, 4), _run(2, 3, 2), _run(3, 4, 5)]
    (site,) = WavePlan(runs, 16).sites
    assert site.places == [0, 1, 2, 3]


def test_sites_are_in_the_order_in_which_each_run_passes_its_seeds() -> None:
    runs = [_run(4, 1, 0, 1, 6), _run(4, 2, 4), _run(2, 3, 2, 3)]
    first, second = WavePlan(runs, 16).sites
    assert (first.places, second.places) == ([0, 0, 1, 2, 2], [0])


@torch.no_grad()
def test_activations_are_those_of_each_network_alone() -> None:
    runs = [_run(4, 1, 0, 1, 6), _run(3, 2, 4), _run(2, 3, 2, 3), _run(1, 4, 1)]
    x_NF = runs[0].data.validation.x_NF
    plan = WavePlan(runs, 16)
    wanted = [(place, block) for place, run in enumerate(runs) for block in range(len(run.network.blocks))]
    prefix = plan.prefix(torch.stack([x_NF] * len(runs)), wanted)
    x_KND, trace = plan.forward(prefix)
    found = dict(zip(wanted, prefix.taps, strict=True))
    assert found[0, 0] is not None and found[0, 1] is None, "run 0 has its first seed in block 0"
    for place, (run, logits) in enumerate(zip(runs, plan.logits(x_KND), strict=True)):
        taps: list[torch.Tensor] = []
        torch.testing.assert_close(logits, run.network(x_NF, taps))
        for block, tap in enumerate(taps):
            kept = found[place, block]
            torch.testing.assert_close(plan.tap(trace, place, block) if kept is None else kept, tap)


@torch.no_grad()
def test_kept_activations_are_those_of_the_samples_in_each_order() -> None:
    runs = [_run(4, 1, 2), _run(3, 2, 4), _run(2, 3, 2, 3)]
    plan = WavePlan(runs, 16)
    x_KNF = torch.stack([run.data.train.x_NF for run in runs])
    wanted = [(0, 0), (1, 1), (1, 2), (2, 1)]
    kept = KeptPrefix(plan, x_KNF, wanted, 32)
    orders = torch.stack([torch.randperm(x_KNF.shape[1]) for _ in runs])
    ordered = torch.stack([x_NF[order] for x_NF, order in zip(x_KNF, orders, strict=True)])
    batches = torch.split(ordered, 32, dim=1)
    for prefix, x_KBF in zip(kept.batches(orders), batches, strict=True):
        alone = plan.prefix(x_KBF, wanted)
        torch.testing.assert_close(prefix.x_KND, alone.x_KND)
        for one, other in zip(prefix.taps, alone.taps, strict=True):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                torch.testing.assert_close(one, other)


def test_few_activations_are_kept() -> None:
    x_KNF = torch.empty(32, 1400, 2)
    assert KeptPrefix.fits(x_KNF, 128, 32) and not KeptPrefix.fits(torch.empty(32, 60_000, 2), 128, 32)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_rows_are_taken_and_replaced(chosen: set[int]) -> None:
    numbers = sorted(chosen)
    rows = Rows(numbers, 7, torch.device("cpu"))
    values = torch.arange(14.0).view(7, 2)
    assert torch.equal(rows.of(values), values[numbers])
    replaced = rows.replaced(values, -rows.of(values))
    assert torch.equal(replaced[numbers], -values[numbers])
    others = [number for number in range(7) if number not in chosen]
    assert torch.equal(replaced[others], values[others])
    assert torch.equal(values, torch.arange(14.0).view(7, 2))
