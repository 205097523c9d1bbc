"""Measures a warm-up epoch of the engine against a plain hand-written loop over the same trunk.

`python -m benchmarks.engine_epoch` prints a table; `--json FILE` writes the rows too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks.figures import Figure
from benchmarks.problems.plain_loop import plain_epoch, plain_network
from morphogenetic_engine.engine.data.dataset import Dataset, prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.device import resolve_device, torch_threads
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings

HIDDEN_DIMS = (32, 64, 128, 256)


@dataclass(frozen=True)
class Row:
    """One width of the trunk: median milliseconds of an epoch, and the median of the ratios of neighbours in time."""

    hidden_dim: int
    seeds_per_layer: int
    epochs: int
    engine_ms: float
    plain_ms: float
    ratio: float


def figures() -> list[Figure]:
    """Returns the ratio for each width of the trunk."""
    return [
        Figure(f"warm-up epoch over the plain loop, hidden_dim {row.hidden_dim}", row.ratio, "ratio", 1.10)
        for row in measure()
    ]


def measure(
    hidden_dims: Sequence[int] = HIDDEN_DIMS, *, epochs: int = 40, seeds_per_layer: int = 1, device: str = "auto"
) -> list[Row]:
    """Returns a row for each width. Both loops use the same data. Their epochs alternate, so that other load on the
    machine affects both."""
    rows = []
    for hidden_dim in hidden_dims:
        settings = TrainingSettings(
            hidden_dim=hidden_dim, seeds_per_layer=seeds_per_layer, warm_up_epochs=10**9, device=device
        )
        with torch_threads(settings.threads):
            pairs = _pairs(settings, epochs)
        engine_ms, plain_ms = (1000 * statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(engine / plain for engine, plain in pairs)
        rows.append(Row(hidden_dim, seeds_per_layer, epochs, engine_ms, plain_ms, ratio))
    return rows


def _pairs(settings: TrainingSettings, epochs: int) -> list[tuple[float, float]]:
    device = resolve_device(settings.device)
    data = prepare(make_problem(settings), train_frac=settings.train_frac, seed=settings.seed, device=device)
    engine = Run(settings, settings.seed, data).next_epoch
    plain = _plain(settings, data)
    for warm_up in (engine, plain, engine, plain):
        warm_up()
    return [_turn(engine, plain, engine_first=turn % 2 == 0) for turn in range(epochs)]


def _plain(settings: TrainingSettings, data: Dataset) -> Callable[[], object]:
    network = plain_network(
        features=data.features,
        classes=data.classes,
        hidden_dim=settings.hidden_dim,
        num_layers=settings.num_layers,
    ).to(data.train.x_NF.device)
    optimiser = Adam(network.parameters(), lr=settings.lr, fused=True)
    return partial(plain_epoch, network, optimiser, data, settings.batch_size)


def _turn(engine: Callable[[], object], plain: Callable[[], object], *, engine_first: bool) -> tuple[float, float]:
    if engine_first:
        return _seconds(engine), _seconds(plain)
    plain_seconds = _seconds(plain)
    return _seconds(engine), plain_seconds


def _seconds(epoch: Callable[[], object]) -> float:
    # both epochs end by reading their numbers from the device, so the clock stops when the work is done
    started = time.perf_counter()
    epoch()
    return time.perf_counter() - started


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table, and writes it as JSON if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=40, help="epochs of each loop that are timed")
    parser.add_argument("--seeds-per-layer", type=int, default=1, help="dormant seeds behind each block")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 or auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file too")
    options = parser.parse_args(arguments)
    rows = measure(epochs=options.epochs, seeds_per_layer=options.seeds_per_layer, device=options.device)
    print(f"torch {torch.__version__}, one thread, {options.epochs} epochs each, medians")
    print("hidden_dim  engine ms  plain ms  ratio")
    for row in rows:
        print(f"{row.hidden_dim:10d}  {row.engine_ms:9.2f}  {row.plain_ms:8.2f}  {row.ratio:5.3f}")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
