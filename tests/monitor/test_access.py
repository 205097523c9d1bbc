"""Access to the monitor: who may view a sweep, and who may stop it."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.monitor.access import Access, access_of, is_own_origin

TOKEN = "a-token-that-the-user-chose"


def access(bound: str = "127.0.0.1", token: str | None = None) -> Access:
    return access_of(bound, 8321, allowed=["Proxy.example"], token=token)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:9000", "127.0.0.1:8321", "[::1]:8321", "192.168.7.7:80", "proxy.example", "localhost."],
)
def test_addresses_and_names_of_ours_are_known(host: str) -> None:
    assert access().is_known_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "localhost:8321@evil.example", "127.0.0.1.evil.example", "[::1"],
)
def test_a_foreign_name_for_this_machine_is_not_known(host: str) -> None:
    assert not access().is_known_host(host)


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True),
        ("http://localhost:8321", True),
        ("https://localhost:8321", True),
        ("http://localhost:3000", False),
        ("http://evil.example", False),
        ("http://localhost:8321.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_our_own_page_is_our_own_origin(origin: str | None, own: bool) -> None:
    headers = {"host": "localhost:8321"} | ({} if origin is None else {"origin": origin})
    assert is_own_origin(headers) is own


def test_on_this_machine_anybody_may_look_unless_the_user_chose_a_token() -> None:
    assert access().may_look({})
    assert not access(token=TOKEN).may_look({})


def test_beyond_this_machine_to_look_takes_the_token() -> None:
    guarded = access("0.0.0.0")
    assert not guarded.may_look({})
    assert not guarded.may_look({"authorization": "Bearer wrong"})
    assert guarded.may_look({"authorization": f"Bearer {guarded.token}"})
    assert guarded.may_look({"cookie": f"other=1; morphogenetic_monitor_8321={guarded.token}"})
    assert not guarded.may_look({"cookie": f"morphogenetic_monitor_9999={guarded.token}"})


def test_made_up_tokens_differ_and_are_long() -> None:
    tokens = {access().token for _ in range(10)}
    assert len(tokens) == 10
    assert min(map(len, tokens)) >= 43  # 256 bits


@pytest.mark.parametrize("token", ["short", "x" * 201, "spaces in it are not fine", "semicolon;semicolon;semi"])
def test_a_token_that_is_short_or_fits_no_cookie_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="MORPHOGENETIC_MONITOR_TOKEN: must be 20 to 200 letters"):
        access(token=token)
