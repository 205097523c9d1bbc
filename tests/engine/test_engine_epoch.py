"""The benchmark measures equal work, and its rows are readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import engine_epoch
from benchmarks.problems.plain_loop import plain_network
from morphogenetic_engine.engine.network.network import Network, Shape


def test_the_plain_loop_trains_the_engines_trunk() -> None:
    shape = Shape(features=3, classes=2, hidden_dim=8, num_layers=4, seeds_per_layer=0, blend_steps=1)
    network = Network(shape, torch.Generator().manual_seed(0), torch.device("cpu"))
    plain = plain_network(features=3, classes=2, hidden_dim=8, num_layers=4)
    plain.load_state_dict(dict(zip(plain.state_dict(), network.state_dict().values(), strict=True)))
    x_BF = torch.rand(5, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(plain(x_BF), network(x_BF))


def test_both_loops_are_timed_at_every_width() -> None:
    rows = engine_epoch.measure((4, 8), epochs=3)
    assert [row.hidden_dim for row in rows] == [4, 8]
    assert all(row.engine_ms > 0 and row.plain_ms > 0 and row.ratio > 0 for row in rows)


def test_rows_are_printed_and_written_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = engine_epoch.Row(4, 1, 3, engine_ms=2.0, plain_ms=2.5, ratio=0.8)
    monkeypatch.setattr(engine_epoch, "measure", lambda **_: [row])
    engine_epoch.main(["--json", str(tmp_path / "rows.json")])
    assert "         4       2.00      2.50  0.800" in capsys.readouterr().out
    (written,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert engine_epoch.Row(**written) == row
