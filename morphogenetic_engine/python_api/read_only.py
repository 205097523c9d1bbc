"""A dictionary that does not change: shown, compared and written to JSON like any other."""

from __future__ import annotations

from typing import NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ReadOnlyDict(dict[K, V]):
    """A dictionary whose methods that would change it raise TypeError; `dict(...)` makes a copy that can be changed."""

    def _refuse(self, *_given: object, **_named: object) -> NoReturn:  # pylint: disable=no-self-use
        raise TypeError("results cannot be changed; make a copy with dict(...)")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = clear = pop = popitem = setdefault = _refuse

    def __reduce__(self) -> tuple[type[dict[K, V]], tuple[dict[K, V]]]:
        return dict, (dict(self),)
