"""The conformance suite of workloads that train many trials at once.

    class TestTogether(FusedTests):
        workload = "package.module:train"
        params = [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]

trains the trials alone and in batches, without processes, and compares every report, metric and file. `times` names
metrics that measure time, `unsteady` files that contain such times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from morphogenetic_engine.errors import Paused, Pruned
from morphogenetic_engine.trial import Batch, Metrics, Params, Train, Trial, declaration_of
from morphogenetic_engine.workload.loading import load_workload


@dataclass(eq=False)
class RecordedTrial:
    """A trial that keeps what it is told; it is pruned or paused at the report whose number `ends` holds."""

    number: int
    params: Params
    dir: Path
    ends: Mapping[int, type[Pruned | Paused]] = field(default_factory=dict)
    reports: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    metrics: dict[str, float] | None = None
    ended_by: str = ""
    is_running: bool = True
    seed: int = 0

    def report(self, step: int, metrics: Metrics) -> None:
        """Keeps a report."""
        self.reports.append((step, dict(metrics)))
        error = self.ends.get(len(self.reports))
        if error is not None:
            raise error(f"at step {step}")

    def complete(self, metrics: Metrics) -> None:
        """Keeps the metrics and ends the trial."""
        self.metrics, self.is_running = dict(metrics), False

    def saved(self, seconds: float) -> None:
        """Ignores an estimate: it is no result."""

    def __enter__(self) -> RecordedTrial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is not None and self.is_running:
            self.ended_by, self.is_running = f"{type(error).__name__}: {error}", False
        return error is not None


class RecordedBatch:
    """A batch of at most `most` trials; the next one joins when one has ended."""

    def __init__(self, trials: Sequence[RecordedTrial], most: int) -> None:
        self.largest = 0
        self._waiting = list(trials)
        self._most = most
        self._members: list[RecordedTrial] = []

    def running(self) -> Sequence[RecordedTrial]:
        """Returns the trials that run now; one more joins at each call while there is room."""
        self._members = [member for member in self._members if member.is_running]
        if self._waiting and len(self._members) < self._most:
            self._members.append(self._waiting.pop(0))
        self.largest = max(self.largest, len(self._members))
        return list(self._members)


def train_alone(train: Train, trial: RecordedTrial) -> None:
    """Runs one trial by itself."""
    with trial:
        trial.complete(train(trial.params, trial))


class FusedTests:
    """The tests of a workload that trains many trials at once. Set `workload` and `params`."""

    workload: ClassVar[str]
    """The workload, as `module:function`."""
    params: ClassVar[Sequence[Params]]
    """The parameters of the trials: all that a batch should be able to mix."""
    times: ClassVar[frozenset[str]] = frozenset()
    """Metrics that measure time."""
    unsteady: ClassVar[frozenset[str]] = frozenset()
    """Names of files that contain such times."""

    @property
    def train(self) -> Train:
        """The workload for one trial."""
        return load_workload(self.workload)

    def test_it_declares_how_to_train_many(self) -> None:
        assert declaration_of(self.train).fused is not None

    def test_any_grouping_gives_the_results_of_each_trial_alone(self, tmp_path: Path) -> None:
        alone = self._run(tmp_path / "alone", most=0)
        for most in (1, 3, len(self.params)):
            assert self._run(tmp_path / f"by {most}", most=most) == alone

    def test_a_pruned_trial_leaves_and_changes_no_other(self, tmp_path: Path) -> None:
        ends = {1: {2: Pruned}}
        alone = self._run(tmp_path / "alone", most=0, ends=ends)
        assert "Pruned" in str(alone[1])
        assert self._run(tmp_path / "together", most=len(self.params), ends=ends) == alone

    def test_a_paused_trial_goes_on_as_it_would_alone(self, tmp_path: Path) -> None:
        ends = {0: {2: Paused}, 2: {1: Paused}}
        for place, most in (("alone", 0), ("together", len(self.params))):
            paused = self._run(tmp_path / place, most=most, ends=ends)
            assert "Paused" in str(paused[0])
        alone = self._run(tmp_path / "alone", most=0)
        assert self._run(tmp_path / "together", most=len(self.params)) == alone

    def test_runs_of_one_trial_with_several_seeds_go_together(self, tmp_path: Path) -> None:
        alone = self._told_of(self._seeds(tmp_path / "alone"), most=0)
        assert self._told_of(self._seeds(tmp_path / "together"), most=3) == alone

    def _seeds(self, place: Path) -> list[RecordedTrial]:
        """Returns three runs of the first trial, as `sweep confirm` makes them."""
        return [RecordedTrial(0, self.params[0], _made(place / str(seed)), seed=seed) for seed in (5, 6, 7)]

    def _run(
        self, place: Path, *, most: int, ends: Mapping[int, Mapping[int, type[Pruned | Paused]]] | None = None
    ) -> list[object]:
        """Returns all that each trial said and wrote; `most` is the size of the batch, 0: each alone."""
        trials = [
            RecordedTrial(
                number, params, _made(place / str(number)), (ends or {}).get(number, {}), seed=1000 + 7 * number
            )
            for number, params in enumerate(self.params)
        ]
        return self._told_of(trials, most)

    def _told_of(self, trials: Sequence[RecordedTrial], most: int) -> list[object]:
        if most:
            fused = declaration_of(self.train).fused
            assert fused is not None
            fused(RecordedBatch(trials, most))
        else:
            for trial in trials:
                train_alone(self.train, trial)
        return [self._told(trial) for trial in trials]

    def _told(self, trial: RecordedTrial) -> object:
        files = {
            str(path.relative_to(trial.dir)): path.read_bytes()
            for path in sorted(trial.dir.rglob("*"))
            if path.is_file() and path.name not in self.unsteady
        }
        return trial.ended_by, self._steady(trial.metrics or {}), trial.reports, files

    def _steady(self, metrics: Metrics) -> dict[str, float]:
        return {name: value for name, value in metrics.items() if name not in self.times}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _conforms(trial: RecordedTrial, batch: RecordedBatch) -> tuple[Trial, Batch]:
    """Lets the type checker compare these classes with the contract."""
    return trial, batch
