"""Sweeps in the kernel of a notebook: cells that changed, classes, the interrupt."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import DEADLINE_SECONDS, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of Jupyter's own, about event loops and time zones
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager, start_new_kernel

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Kernel = tuple[KernelManager, BlockingKernelClient]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path), startup_timeout=DEADLINE_SECONDS)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, cell: str) -> str:
    """Runs a cell and returns what it printed; an error ends the test with its message."""
    printed: list[str] = []

    def take(message: dict[str, dict[str, str]]) -> None:
        printed.append(str(message["content"].get("text", "")))

    reply = client.execute_interactive(cell, timeout=DEADLINE_SECONDS, output_hook=take)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def test_the_latest_cells_count_and_classes_come_along(kernel: Kernel) -> None:
    _, client = kernel
    run(client, "import dataclasses, random\nimport morphogenetic_engine as me\nrng = random.Random(1)")
    run(client, "@dataclasses.dataclass\nclass Setting:\n    rate: float = 2.0")
    run(client, "def train(params, trial):\n    return {'val_acc': -1.0}")
    run(client, "@dataclasses.dataclass\nclass Setting:\n    rate: float = 3.0")
    run(
        client,
        "%time\ndef train(params, trial):\n    return {'val_acc': Setting().rate + params['x'] + 0 * rng.random()}",
    )
    said = run(client, "result = me.sweep(train, {'x': [1, 2]}, sweep_id='one')\nprint(result.best.metrics)")
    assert "{'val_acc': 5.0}" in said
    assert "rng = random.Random(1)" in run(client, "print(result.config)")


def test_the_interrupt_of_the_kernel_leaves_a_sweep_that_goes_on(kernel: Kernel, tmp_path: Path) -> None:
    manager, client = kernel
    (tmp_path / "hold").touch()
    run(
        client,
        "import time\nfrom pathlib import Path\nimport morphogenetic_engine as me\n"
        "def train(params, trial):\n"
        "    while trial.number and Path('hold').exists():\n        time.sleep(0.01)\n"
        "    return {'val_acc': params['x']}",
    )
    journal = tmp_path / "results/sweeps/one/journal.jsonl"
    sweep = "me.sweep(train, {'x': [1, 2, 3]}, parallel=1, sweep_id='one')"
    asked = client.execute(sweep, stop_on_error=False)  # else the kernel aborts what is asked soon after the error
    until(lambda: journal.exists() and '"trial":1' in journal.read_text(encoding="utf-8"), "the second trial")
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=DEADLINE_SECONDS)
    assert reply["parent_header"]["msg_id"] == asked
    assert reply["content"]["ename"] == "Interrupted"
    assert reply["content"]["evalue"].startswith("sweep one was interrupted after 1 trials; resume(")
    (tmp_path / "hold").unlink()
    assert "3 3" in run(client, "result = me.resume('one')\nprint(len(result), result.best.metrics['val_acc'])")
