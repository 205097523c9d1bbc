"""Notes on a sweep file, by `sweep check` and by every command that starts a sweep."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command
from tests.conftest import WriteConfig

SWEEP = """\
sweep_type: random
experiment: {workload: "toy:nothing"}
parameters: {x: {low: 0.0, high: 1.0}, augment: [yes, maybe]}
optimization: {n_trials: 1, sampler: TPE}
execution: {max_parallel: 1}
"""


@pytest.mark.parametrize("verb", ["check", "run"])
def test_a_word_that_yaml_reads_as_something_else_is_noted(
    write_config: WriteConfig, command: Command, verb: str
) -> None:
    file = write_config(SWEEP)
    ran = command("sweep", verb, "--config", str(file.path))
    assert ran.status == 0, ran.err
    notes = [line for line in ran.out.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2 and notes[0].startswith("note: sweep.yaml:3:") and "yes" in notes[0]
    assert notes[1] == "note: optimization.sampler: TPE is not used by sweep_type random"


def test_words_of_a_shell_in_a_command_are_noted(write_config: WriteConfig, command: Command) -> None:
    words = 'experiment: {command: [echo, "val_acc={x}", "|", tee, ~/log]}'
    file = write_config(f"{words}\nparameters: {{x: [1]}}\noptimization: {{target_metric: val_acc}}\n")
    shown = command("sweep", "check", "--config", str(file.path)).out
    for word in ("|", "~/log"):
        assert f"note: experiment.command: no shell is involved: the program is given {word} as it is\n" in shown
