"""A running sweep in the terminal: a live panel, or plain lines if the output is not a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.monitor.display.harmless import harmless, is_harmless
from morphogenetic_engine.monitor.display.place_lines import place_lines
from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.worker_table import clock, worker_columns, worker_rows
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    TrialEnded,
    TrialPaused,
    TrialPromoted,
    TrialState,
)
from morphogenetic_engine.sweeps.run.runner import Observer
from morphogenetic_engine.sweeps.run.workers.worker_places import describe_places
from morphogenetic_engine.trial import Metrics

_REFRESHES_A_SECOND = 4
_LINE_WIDTH = 200
_STATE_STYLES = {TrialState.COMPLETE: "green", TrialState.PRUNED: "yellow", TrialState.FAILED: "red"}


def terminal(*, stderr: bool = False) -> Console:
    """Returns the console on standard output or error; lines are not wrapped if it is not a terminal."""
    console = HarmlessConsole(stderr=stderr, markup=False)  # a metric may be called `mAP[0.5]`
    return console if console.is_terminal else HarmlessConsole(width=_LINE_WIDTH, stderr=stderr, markup=False)


class HarmlessConsole(Console):
    """A console that shows the escape sequences in what it is given, and sends its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Renders with all that a terminal would obey shown."""
        for segment in super().render(renderable, options):
            if segment.control or is_harmless(segment.text):
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)


@contextmanager
def display(progress: SweepProgress, console: Console) -> Iterator[Observer]:
    """Displays a sweep while it runs; yields the observer for the run loop."""
    if not console.is_terminal:
        lines = PlainLines(progress, console)
        with place_lines(progress.folder, lines.tell):
            yield lines
        return
    panel = Panel(progress)
    with Live(panel, console=console, refresh_per_second=_REFRESHES_A_SECOND, transient=True):
        yield progress


class PlainLines:
    """Prints one line per ended trial."""

    def __init__(self, progress: SweepProgress, console: Console) -> None:
        self._progress = progress
        self._console = console

    def __call__(self, event: Event) -> None:
        known = self._progress.params
        params = known.get(event.trial, {}) if isinstance(event, TrialEnded) else {}
        self._progress(event)
        match event:
            case AttemptFailed():
                self.tell(f"trial {event.trial}  retried  {event.reason}: {event.message}")
            case TrialPaused():
                value = self._value(event.metrics)
                self.tell(f"trial {event.trial}  paused at step {event.step}{value}  {event.duration:.1f} s")
            case TrialPromoted():
                self.tell(f"trial {event.trial}  promoted to rung {event.rung + 1}")
            case TrialEnded():
                self._print_end(event, self._progress.space.describe(params))

    def _print_end(self, event: TrialEnded, params: str) -> None:
        failed = self._progress.counts[TrialState.FAILED]
        done = f"[{self._progress.ended}/{self._progress.total}{f', {failed} failed' if failed else ''}]"
        why = f"  {event.reason}: {event.message}" if event.reason else ""
        if event.state is TrialState.PRUNED and event.message.startswith("rung "):
            why = f"  {event.message}"
        value = self._value(event.metrics)
        self.tell(f"{done} trial {event.trial}  {event.state}{value}  {event.duration:.1f} s  {params}{why}")

    def _value(self, metrics: Metrics) -> str:
        metric = metrics.get(self._progress.target)
        return "" if metric is None else f"  {self._progress.target}={metric:.6g}"

    def tell(self, line: str) -> None:
        """Prints a line."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class Panel:
    """Drawn anew at each refresh."""

    def __init__(self, progress: SweepProgress) -> None:
        self._progress = progress

    def __rich__(self) -> RenderableType:
        folder = self._progress.folder
        places = "" if folder is None else describe_places(folder)
        elsewhere = [Text(f"workers: {places}", style="dim")] if places else []
        return Group(self._head(), self._bar(), self._workers(), *elsewhere, self._best(), self._states())

    def _head(self) -> Text:
        progress = self._progress
        return Text.assemble(
            ("sweep ", "dim"),
            (progress.sweep_id, "bold"),
            (f"  {progress.sweep_type}  {progress.total} trials  {progress.max_parallel} workers", "dim"),
        )

    def _bar(self) -> Table:
        progress = self._progress
        row = Table.grid(padding=(0, 2))
        left = progress.seconds_left
        times = f"{clock(progress.elapsed)} elapsed, {'--:--' if left is None else clock(left)} left"
        gauge = ProgressBar(total=max(1, progress.total), completed=progress.ended, width=40)
        row.add_row(gauge, f"{progress.ended}/{progress.total}", Text(times, style="dim"))
        return row

    def _workers(self) -> Table:
        progress = self._progress
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("worker", *worker_columns(progress)):
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        for worker, cells in worker_rows(progress):
            table.add_row(str(worker), *cells)
        return table

    def _best(self) -> Text:
        progress = self._progress
        if progress.best is None:
            why = f": outcome constraints rule out {progress.ruled_out}" if progress.ruled_out else ""
            return Text(f"best   none yet{why}", style="dim")
        number, value = progress.best
        found = progress.space.describe(progress.best_params)
        return Text.assemble(
            ("best   ", "dim"), (f"{progress.target} {value:.6g}", "bold green"), f"  trial {number}  {found}"
        )

    def _states(self) -> Text:
        progress = self._progress
        parts = [(f"{count} {state}  ", _STATE_STYLES[state]) for state, count in progress.counts.items() if count]
        if progress.ruled_out:
            parts.append((f"{progress.ruled_out} ruled out  ", "yellow"))
        if progress.paused:
            parts.append((f"{len(progress.paused)} paused  ", "cyan"))
        reasons = ", ".join(f"{count} {reason}" for reason, count in progress.failures.items())
        retried = f"  {progress.retries} retried" if progress.retries else ""
        return Text.assemble(*parts, (f"({reasons})" if reasons else "", "red"), (retried, "dim"))
