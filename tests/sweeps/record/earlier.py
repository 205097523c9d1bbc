"""Files as an earlier version wrote them."""

from __future__ import annotations

import json


def info_of_format_1(content: bytes) -> bytes:
    """Returns a `sweep.json` of format 1, without its checksum."""
    members = {**json.loads(content), "format": 1}
    del members["check"], members["earlier_identities"]
    return json.dumps(members, indent=2).encode()
