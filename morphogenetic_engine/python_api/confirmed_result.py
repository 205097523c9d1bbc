"""A confirmation for Python code: the best configurations over fresh seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from morphogenetic_engine.python_api.result import Result
from morphogenetic_engine.python_api.small_tables import html_table, number, text_table
from morphogenetic_engine.sweeps.confirm.confirmation import Confirmed, confirmed
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.trial import Params

_HEADER = ("trial", "", "mean", "deviation", "seeds", "failed", "search said", "parameters")


class ConfirmedConfiguration:
    """One configuration over fresh seeds that all configurations share."""

    def __init__(self, found: Confirmed) -> None:
        self._found = found

    @property
    def number(self) -> int:
        """The trial that had the configuration."""
        return self._found.trial.number

    @property
    def params(self) -> Params:
        """Fixed and searched parameters together."""
        return dict(self._found.trial.params)

    @property
    def baseline(self) -> bool:
        """True for the configuration of the defaults."""
        return self._found.baseline

    @property
    def values(self) -> Sequence[float]:
        """The objective with each fresh seed, in the order of the seeds."""
        return tuple(self._found.values)

    @property
    def mean(self) -> float | None:
        """The mean of the values; None: every run failed."""
        return self._found.mean

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation; None below two values."""
        return self._found.deviation

    @property
    def search_value(self) -> float | None:
        """The objective that the search reported."""
        return self._found.search_value

    @property
    def failed(self) -> int:
        """Runs that have no value."""
        return self._found.failed

    def __repr__(self) -> str:
        return f"<ConfirmedConfiguration trial {self.number}: mean {number(self.mean)} of {len(self.values)} seeds>"


class Confirmation:
    """The best configurations of a sweep, the best of the search first, and the baseline."""

    def __init__(self, folder: SweepFolder, top: int, seeds: int) -> None:
        read = read_result(folder, keep_curves=False)
        self.result = Result(folder)
        """The sweep, whose report holds the confirmation too."""
        self.configurations = tuple(ConfirmedConfiguration(each) for each in confirmed(read, top=top, seeds=seeds))
        self._optimization = read.config.optimization
        self._space = read.config.space

    @property
    def best(self) -> ConfirmedConfiguration | None:
        """The configuration with the best mean over the fresh seeds; None: every run failed."""
        known = [each for each in self.configurations if each.mean is not None]
        sign = self._optimization.direction.sign
        return max(known, key=lambda each: sign * (each.mean or 0.0), default=None)

    def __iter__(self) -> Iterator[ConfirmedConfiguration]:
        return iter(self.configurations)

    def __len__(self) -> int:
        return len(self.configurations)

    @property
    def _rows(self) -> list[list[str]]:
        return [
            [
                str(each.number),
                "baseline" if each.baseline else "",
                number(each.mean),
                number(each.deviation),
                str(len(each.values)),
                str(each.failed or ""),
                number(each.search_value),
                self._space.describe(each.params),
            ]
            for each in self.configurations
        ]

    @property
    def _title(self) -> str:
        return f"{self._optimization.target_metric} over fresh seeds, sweep {self.result.id}"

    def __repr__(self) -> str:
        return f"{self._title}\n{text_table(_HEADER, self._rows)}"

    def _repr_html_(self) -> str:
        return html_table(self._title, _HEADER, self._rows)
