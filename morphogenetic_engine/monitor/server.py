"""Runs a monitor: uvicorn on an open socket, and the feed in the same event loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from morphogenetic_engine.monitor.access import Access
from morphogenetic_engine.monitor.application import application
from morphogenetic_engine.monitor.feed import Feed
from morphogenetic_engine.monitor.limits import LimitedProtocol
from morphogenetic_engine.sweeps.record.folder import SweepFolder

_LONGEST_MESSAGE = 4096
"""The largest message from a viewer, in bytes; the page sends none."""
GOODBYE_SECONDS = 2
HEAD_START_SECONDS = 10
"""The journal is first read at normal priority, for at most this time, because a user waits for the page."""


def serve(
    folder: SweepFolder,
    listener: socket.socket,
    access: Access,
    *,
    leave_with: int | None = None,
    then: Callable[[], object] = lambda: None,
) -> None:
    """Serves until a SIGINT or SIGTERM, or the end of the file descriptor `leave_with`.

    `then` is called once the journal was read to its end, or after the head start.

    Raises:
        SweepError: `sweep.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    asyncio.run(_serve(folder, listener, access, leave_with, then))


async def _serve(
    folder: SweepFolder,
    listener: socket.socket,
    access: Access,
    leave_with: int | None,
    then: Callable[[], object],
) -> None:
    feed = Feed(folder)
    server = uvicorn.Server(_configuration(feed, access))
    async with asyncio.TaskGroup() as tasks:
        # If the feed fails unexpectedly, the group ends the server too: better than a page that no longer changes.
        following = tasks.create_task(_follow(feed, then))
        leaving = tasks.create_task(_leave_at_end(leave_with, feed, server)) if leave_with is not None else None
        await server.serve(sockets=[listener])
        following.cancel()
        if leaving is not None:
            leaving.cancel()


async def _follow(feed: Feed, then: Callable[[], object]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(HEAD_START_SECONDS):
            await feed.catch_up()
    then()
    await feed.follow()


async def _leave_at_end(descriptor: int, feed: Feed, server: uvicorn.Server) -> None:
    """Waits for the end of a file, then gives the viewers a moment to receive the end of the sweep."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, lambda: None if os.read(descriptor, 4096) else ended.set())
    await ended.wait()
    loop.remove_reader(descriptor)
    await feed.finish()
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            while feed.viewers:
                await asyncio.sleep(0.02)
    server.should_exit = True


def _configuration(feed: Feed, access: Access) -> uvicorn.Config:
    return uvicorn.Config(
        application(feed, access),
        http=LimitedProtocol,
        ws="websockets-sansio",
        ws_max_size=_LONGEST_MESSAGE,
        ws_per_message_deflate=False,  # each viewer would compress the same message again
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
