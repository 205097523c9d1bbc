"""The address is bound before the sweep starts."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.monitor.access import access_of
from morphogenetic_engine.monitor.listener import address_of, link, listen


def test_the_usual_port_gives_way_to_the_next_one() -> None:
    with listen() as first, listen() as second:
        assert address_of(first)[1] < address_of(second)[1]


def test_a_port_that_was_asked_for_and_is_taken_is_an_error() -> None:
    with listen(port=0) as taken:
        port = address_of(taken)[1]
        with pytest.raises(ConfigError, match=f"--port {port} at 127.0.0.1: Address already in use; choose another"):
            listen(port=port)


def test_an_unknown_host_is_an_error() -> None:
    with pytest.raises(ConfigError, match="--host no.such.host.invalid: is not the name or address of this machine"):
        listen("no.such.host.invalid")


def test_the_link_carries_the_token_where_it_is_needed_behind_the_sign_that_browsers_do_not_send() -> None:
    with listen(port=0) as listener:
        port = address_of(listener)[1]
        assert link(listener, access_of("127.0.0.1", port)) == f"http://127.0.0.1:{port}/"
        guarded = access_of("0.0.0.0", port)
        assert link(listener, guarded) == f"http://127.0.0.1:{port}/#token={guarded.token}"
