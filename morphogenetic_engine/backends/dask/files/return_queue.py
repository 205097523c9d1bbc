"""Passes the messages of workers on in their order, each once the folders that belong to it have been brought back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from morphogenetic_engine.sweeps.run.workers.wire import WorkerMessage

_AT_ONCE = 4
_WorkerT = TypeVar("_WorkerT")


@dataclass(frozen=True)
class _Waiting:
    messages: Sequence[WorkerMessage]
    work: Future[None] | None
    """Brings folders back; None: the messages only wait for earlier ones."""


class ReturnQueue(Generic[_WorkerT]):
    """The messages of workers that wait for folders."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called, in another thread, when messages have become ready."""
        self._wake = wake
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="folders")
        self._waiting: dict[_WorkerT, deque[_Waiting]] = {}

    def put(self, worker: _WorkerT, messages: Sequence[WorkerMessage], work: Callable[[], None] | None) -> None:
        """Adds messages that are ready once some work is done, and the earlier messages of the worker are."""
        started = None
        if work is not None:
            started = self._threads.submit(work)
            started.add_done_callback(lambda _: self._wake())
        self._waiting.setdefault(worker, deque()).append(_Waiting(messages, started))

    def ready(self) -> list[tuple[_WorkerT, WorkerMessage]]:
        """Returns the messages that have become ready.

        Raises:
            StoreError: a folder cannot be brought back.
        """
        found: list[tuple[_WorkerT, WorkerMessage]] = []
        for worker, waiting in list(self._waiting.items()):
            while waiting and (waiting[0].work is None or waiting[0].work.done()):
                found += self._taken(worker, waiting.popleft())
            if not waiting:
                del self._waiting[worker]
        return found

    def flush(self, workers: Collection[_WorkerT]) -> list[tuple[_WorkerT, WorkerMessage]]:
        """Waits for the folders of some workers, and returns their messages.

        Raises:
            StoreError: a folder cannot be brought back.
        """
        found: list[tuple[_WorkerT, WorkerMessage]] = []
        for worker in workers:
            for each in self._waiting.pop(worker, ()):
                found += self._taken(worker, each)
        return found

    def close(self) -> None:
        """Waits for what has begun; what has not is for the next session."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _taken(worker: _WorkerT, each: _Waiting) -> list[tuple[_WorkerT, WorkerMessage]]:
        if each.work is not None:
            each.work.result()
        return [(worker, message) for message in each.messages]
