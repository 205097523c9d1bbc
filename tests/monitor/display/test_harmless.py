"""Control sequences in texts of others have no effect in a terminal."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from morphogenetic_engine.monitor.display.harmless import HarmlessStream, harmless, is_harmless
from morphogenetic_engine.monitor.display.terminal import HarmlessConsole

EVIL = "\x1b]0;title\x07\x1b[2J\rgone \u202etxt.exe\u2066 \x9b31m"


@given(st.text())
def test_a_text_is_harmless_afterwards_and_otherwise_the_same(text: str) -> None:
    assert is_harmless(harmless(text))
    assert harmless(harmless(text)) == harmless(text)
    if is_harmless(text):
        assert harmless(text) == text


def test_what_a_terminal_would_obey_is_shown() -> None:
    assert harmless("a\tb\nc é 日本 😀") == "a\tb\nc é 日本 😀"
    assert harmless("\x1b[31m\x9b\u202e\ud800") == "\\x1b[31m\\u009b\\u202e\\ud800"


def test_a_stream_shows_it_and_is_otherwise_the_other_stream() -> None:
    inner = io.StringIO()
    stream = HarmlessStream(inner)
    assert stream.write(EVIL) == len(EVIL)
    assert is_harmless(inner.getvalue())
    stream.close()
    assert not inner.closed and not stream.isatty()


def test_a_console_sends_its_own_sequences_and_no_others() -> None:
    out = io.StringIO()
    console = HarmlessConsole(file=out, force_terminal=True, markup=False, width=200, color_system="standard")
    table = Table("name", header_style="bold")
    table.add_row(EVIL)
    console.print(table)
    console.print(EVIL, style="red")
    text = out.getvalue()
    assert "\x1b[31m" in text, "its own style"
    assert not any(each in text for each in ("\x1b]0;", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\x07", "\r"))


WORKLOAD = f"""
def train(params, trial):
    raise ValueError({EVIL!r})
"""
SWEEP = f"experiment: {{workload: 'evil:train'}}\nparameters: {{x: [{ascii(EVIL)[1:-1].join(chr(34) * 2)}]}}\n"


@pytest.mark.parametrize("command", ["run --config sweep.yaml", "list", "show --sweep-id s"])
def test_a_sweep_s_values_and_messages_reach_the_terminal_harmlessly(tmp_path: Path, command: str) -> None:
    (tmp_path / "evil.py").write_text(WORKLOAD, encoding="utf-8")
    text = SWEEP.replace("\\x9b", "\\x9B").replace("'evil", "'evil")
    (tmp_path / "sweep.yaml").write_text(text, encoding="utf-8")
    base = [sys.executable, "-m", "morphogenetic_engine.cli.sweep"]
    first = subprocess.run(
        [*base, "run", "--config", "sweep.yaml", "--sweep-id", "s"], cwd=tmp_path, capture_output=True, check=False
    )
    ran = (
        first
        if command.startswith("run")
        else subprocess.run([*base, *command.split()], cwd=tmp_path, capture_output=True, check=False)
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert is_harmless(ran.stdout.decode()) and is_harmless(ran.stderr.decode())
    assert first.stdout.count(b"\\x1b") > 0
