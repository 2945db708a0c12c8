"""Local server: which Host headers are its own.

A web page can have its own name resolve to 127.0.0.1 and then read what this server answers, key or
not (DNS rebinding). Its browser still sends that name as the Host, so only names that nobody else
can have are served.
"""

from __future__ import annotations

import ipaddress
import re

_HOST = re.compile(r"(?P<name>[^\[\]:@/\\\s]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(:[0-9]{0,5})?")
_V6 = ipaddress.ip_address("::1")


def is_own_host(value: str) -> bool:
    """Say whether a Host header names this machine by `localhost` or a loopback address.

    The port is not compared: it may be another one at the other end of a tunnel.
    """
    match = _HOST.fullmatch(value)
    if match is None:
        return False
    name = match["name"].lower()
    if name in {"localhost", "localhost."}:
        return True
    try:
        address = ipaddress.ip_address(match["v6"] or name)
    except ValueError:
        return False
    is_bracketed = match["v6"] is not None
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_loopback and not is_bracketed
    return address == _V6 and is_bracketed
