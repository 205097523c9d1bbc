"""`morphogenetic data`, and a sweep over the file that it writes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SWEEP = """\
experiment: {inputs: {data_file: data/moons.npz}, hidden_dim: 4, num_layers: 1, warm_up_epochs: 1, adaptation_epochs: 1}
parameters: {lr: [0.01, 0.1]}
execution: {max_parallel: 1}
"""


@pytest.mark.slow
def test_a_data_set_is_written_and_learnt_from(workplace: Path, command: Command) -> None:
    ran = command("data", "--problem", "moons", "--samples", "80", "--moon-noise", "0.2", "--out", "data/moons.npz")
    digest = hashlib.sha256((workplace / "data/moons.npz").read_bytes()).hexdigest()
    assert (ran.status, ran.out) == (
        0,
        f"data/moons.npz: 80 samples, 3 features, 2 classes, sha256 {digest}\n",
    )
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "versioned").status == 0
    (workplace / "data/moons.npz").write_bytes(b"other")
    ran = command("sweep", "resume", "--sweep-id", "versioned")
    assert ran.status == 2 and "data/moons.npz has changed since the sweep began" in ran.err


def test_mistakes_are_one_line(workplace: Path, command: Command) -> None:
    assert workplace.exists()
    for arguments, message in (
        (["--samples", "3"], "n_samples: must be >= 10"),
        (["--problem", "mons"], "Invalid value for '--problem'"),
        (["--problem", "spheres", "--sphere-radii", "1,2,3"], "sphere_radii: must hold one radius a sphere"),
    ):
        ran = command("data", "--out", "a.npz", *arguments)
        assert ran.status == 2 and message in ran.err and ran.err.count("\n") == 1
    assert not Path("a.npz").exists()
