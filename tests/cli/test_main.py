"""The command line as a whole, and the old script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine import __version__
from morphogenetic_engine.cli.commands.legacy_script import main
from morphogenetic_engine.cli.sweep import sweep
from morphogenetic_engine.sweeps.record.folder import all_sweeps
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]


def test_help_names_the_commands_and_loads_none_of_them() -> None:
    code = """
import atexit, sys
atexit.register(lambda: print(sorted({"numpy", "pydantic", "rich"} & set(sys.modules))))
from morphogenetic_engine.cli.main import main
main(["--help"])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sweep" in ran.stdout and ran.stdout.endswith("[]\n")


def test_version(command: Command) -> None:
    assert command("--version").out == f"morphogenetic, version {__version__}\n"


def test_no_command_prints_the_help(command: Command) -> None:
    ran = command()
    assert ran.status == 0 and "Commands:" in ran.out


@pytest.mark.parametrize(("group", "heading"), [("sweep", "Run"), ("report", "Commands"), ("trial", "Commands")])
def test_the_help_says_what_each_command_is_for_in_a_whole_sentence(command: Command, group: str, heading: str) -> None:
    shown = command(group, "--help").out
    assert f"\n{heading}:\n" in shown
    commands = [line for line in shown.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    assert len(commands) > 1 and "..." not in "".join(commands)
    assert all(line.endswith(".") for line in commands), shown


def test_every_sweep_command_is_in_a_section_of_the_help(command: Command) -> None:
    shown = command("sweep", "--help").out
    assert all(f"\n  {name} " in shown for name in sweep.commands)


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep", "promote", "--sweep-id", "s", "--name", "n", "--threshold"],
        ["report", "summary", "--sweep-id", "s", "--price"],
        ["report", "export", "--sweep-id", "s", "--price"],
        ["report", "compare", "a", "b", "--tolerance"],
    ],
)
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_number_that_others_are_compared_with_is_finite(command: Command, arguments: list[str], value: str) -> None:
    ran = command(*arguments, value)
    assert ran.status == 2 and f"{value} is not a finite number" in ran.err


@pytest.mark.slow
def test_the_old_script_runs_a_single_experiment_from_flags(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = "--problem_type moons --n_samples 60 --hidden_dim 4 --num_layers 1 --seed 3"
    flags += " --warm_up_epochs 1 --adaptation_epochs 1"
    with pytest.raises(SystemExit) as left:
        main(flags.split())
    assert left.value.code == 0
    assert "finished: 1 complete of 1 trials" in capsys.readouterr().out
    (folder,) = all_sweeps(workplace / "results/sweeps")
    assert folder.read_info().config.experiment.parameters == {
        "problem_type": "moons",
        "n_samples": 60,
        "hidden_dim": 4,
        "num_layers": 1,
        "warm_up_epochs": 1,
        "adaptation_epochs": 1,
        "seed": 3,
    }


@pytest.mark.slow
def test_the_old_script_runs_an_old_sweep_file(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "--n_samples: 60\n--lr: '0.001,0.01'\nhidden_dim: 4\nnum_layers: 1\nwarm_up_epochs: 1\nadaptation_epochs: 1\n"
    )
    (workplace / "flat.yaml").write_text(text)
    with pytest.raises(SystemExit) as left:
        main(["--sweep_config", "flat.yaml"])
    assert left.value.code == 0
    assert "finished: 2 complete of 2 trials" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--problem_type", "mons"], "experiment.problem_type: must be one of"),
        (["--lr", "fast"], "Invalid value for '--lr'"),
        (["--sweep_config", "x.yaml", "--lr", "1"], "--sweep_config and --lr exclude each other"),
    ],
)
def test_the_old_script_says_mistakes_in_one_line(
    workplace: Path, capsys: pytest.CaptureFixture[str], flags: list[str], line: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(flags)
    assert left.value.code == 2 and workplace.exists()
    err = capsys.readouterr().err
    assert line in err and err.count("\n") == 1


def test_the_script_itself_starts() -> None:
    script = ROOT / "scripts/run_morphogenetic_experiment.py"
    ran = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)
    assert "--cluster_count" in ran.stdout and "--sweep_config" in ran.stdout


def _run_in_main(body: str, arguments: list[str]) -> list[str]:
    """Returns a command line that runs a click command with this body through `run`."""
    code = f"""
import os, sys, click
from morphogenetic_engine.cli.main import run

@click.command()
def command():
{body}

sys.exit(run(command, {arguments!r}))
"""
    return [sys.executable, "-c", code]


def test_a_reader_of_the_output_that_has_gone_ends_a_command_quietly() -> None:
    body = "    for _ in range(100_000):\n        click.echo('line')"
    with subprocess.Popen(_run_in_main(body, []), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_another_pipe_that_breaks_is_not_taken_for_the_output() -> None:
    body = "    one, other = os.pipe()\n    os.close(one)\n    os.write(other, b'!')"
    ran = subprocess.run(_run_in_main(body, []), capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "BrokenPipeError" in ran.stderr


def test_a_shell_asks_for_completions() -> None:
    code = "from morphogenetic_engine.cli.main import main; main()"
    asked = {"_MORPHOGENETIC_COMPLETE": "bash_complete", "COMP_WORDS": "morphogenetic swe", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **asked}
    )
    assert ran.stdout == "plain,sweep\n"


def test_characters_that_the_encoding_of_the_output_lacks_are_replaced() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    program = (
        "from morphogenetic_engine.cli.main import morphogenetic, run; "
        "run(morphogenetic, ['--help']); print('\\u2588\\xfc')"
    )
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert ran.stdout.endswith(b"??\n")
