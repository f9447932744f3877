"""Finds the account at the other end of a connection on this machine, by the owner of its socket."""

import os
import struct
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

PEOPLE = range(1000, 60_000)
"""Accounts of people, by the convention of Debian and others; below are those of services."""

Address = tuple[str, int | None]


@dataclass(slots=True)
class Peer:
    """The ends of a connection, the client's first."""

    client: Address | None
    server: Address | None
    _account: list[int | None] = field(default_factory=list)

    @property
    def account(self) -> int | None:
        """The account that the client runs as, or `None` where that is unknown."""
        if not self._account:
            self._account.append(account_of(self.client, self.server))
        return self._account[0]

    @property
    def is_service(self) -> bool:
        """Whether it is another account than ours, and none of a person: a proxy, for one."""
        account = self.account
        return account is not None and account != os.getuid() and account not in PEOPLE


def account_of(client: Address | None, server: Address | None) -> int | None:
    """As the table of the kernel says, of a connection within this machine."""
    if client is None or server is None or client[1] is None or server[1] is None:
        return None
    table = Path("/proc/net/tcp6" if ":" in client[0] else "/proc/net/tcp")
    ends = [_in_hex(client), _in_hex(server)]
    try:
        with table.open() as lines:
            next(lines)
            return next((int(parts[7]) for parts in map(str.split, lines) if parts[1:3] == ends), None)
    except (OSError, ValueError, StopIteration, IndexError):
        return None


def _in_hex(address: Address) -> str:
    """As the kernel writes it: words of 32 bits in the order of this machine."""
    host, port = address
    packed = ip_address(host.partition("%")[0]).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
