"""The places of a sweep's trials among Katib's: places that stay idle lie before trials that wait for a whole round.

Katib's controller asks for as many trials as have ended, in one request that is answered as a whole or not at all. A
batch with the last trials of a round and the first of the next could never be answered: the next round needs results
of trials that the same batch would start. So a trial lies so many places after the trials that it needs that no batch
has both; a place between them is given to a trial that ends at once, without a result.
"""

from __future__ import annotations

from collections.abc import Callable

Needs = Callable[[int], int]


class Places:
    """The places of the trials, for batches of `slots` trials at most."""

    def __init__(self, trials: int, needs: Needs, slots: int) -> None:
        """`needs` is how many trials, from the first, must have ended before a trial is suggested."""
        self._place_of: list[int] = []
        for number in range(trials):
            place, needed = self._place_of[-1] + 1 if self._place_of else 0, needs(number)
            self._place_of.append(max(place, self._place_of[needed - 1] + slots) if needed else place)
        self._number_at = {place: number for number, place in enumerate(self._place_of)}

    @property
    def total(self) -> int:
        """The place after the last trial."""
        return self._place_of[-1] + 1

    def number_at(self, place: int) -> int | None:
        """Returns the trial at a place; None: the place stays idle."""
        return self._number_at.get(place)
