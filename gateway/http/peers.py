"""Finds the account at the other end of a connection on this machine, by the owner of its socket."""

import errno
import os
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

PEOPLE = range(1000, 60_000)
"""Accounts of people, by the convention of Debian and others; below are those of services."""

# Of linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_ANY_STATE: Final = 0xFFFFFFFF
_ANY_COOKIE: Final = b"\xff" * 8
_HEADER: Final = struct.Struct("=IHHII")
_DIAG_REQUEST: Final = struct.Struct("=BBBBI2s2s16s16sI8s")
_UID_OFFSET: Final = 64
_UID: Final = struct.Struct("=I")
_ERROR: Final = struct.Struct("=i")
_ANSWER_BYTES: Final = 8192
_KERNEL_ANSWERS_WITHIN_S: Final = 0.1

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
    """The account at the other end of a connection within this machine, by the kernel.

    It is asked for this one. The table of all takes milliseconds, in which nobody is answered, and is read only where
    it may not be asked.
    """
    if client is None or server is None or client[1] is None or server[1] is None:
        return None
    ends = End.of(client), End.of(server)
    try:
        return ask_kernel(*ends)
    except OSError:
        return find_in_table(*ends)


class End(NamedTuple):
    """One end of a connection. The address is in the order of the network."""

    address: bytes
    port: int

    @classmethod
    def of(cls, end: Address) -> "End":
        return cls(ip_address(end[0].partition("%")[0]).packed, end[1] or 0)

    def in_hex(self) -> str:
        """An address as the kernel writes it: words of 32 bits in the order of this machine."""
        words = struct.unpack(f"={len(self.address) // 4}I", self.address)
        return "".join(f"{word:08X}" for word in words) + f":{self.port:04X}"


def ask_kernel(client: End, server: End) -> int | None:
    """By a request of sock_diag(7) for one socket. Raises `OSError` where nobody may ask so."""
    family = socket.AF_INET if len(client.address) == 4 else socket.AF_INET6
    wanted = _DIAG_REQUEST.pack(
        family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE, client.port.to_bytes(2), server.port.to_bytes(2),
        client.address, server.address, 0, _ANY_COOKIE,
    )  # fmt: skip
    head = _HEADER.pack(_HEADER.size + len(wanted), _SOCK_DIAG_BY_FAMILY, _REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_KERNEL_ANSWERS_WITHIN_S)
        kernel.sendto(head + wanted, (0, 0))
        answer = kernel.recv(_ANSWER_BYTES)
    _, kind, _, _, _ = _HEADER.unpack_from(answer)
    if kind == _SOCK_DIAG_BY_FAMILY:
        return int(_UID.unpack_from(answer, _HEADER.size + _UID_OFFSET)[0])
    (error,) = _ERROR.unpack_from(answer, _HEADER.size)
    if -error == errno.ENOENT:
        return None
    raise OSError(-error, os.strerror(-error))


def find_in_table(client: End, server: End) -> int | None:
    table = Path("/proc/net/tcp6" if len(client.address) > 4 else "/proc/net/tcp")
    ends = [client.in_hex(), server.in_hex()]
    try:
        with table.open() as lines:
            next(lines)
            return next((int(parts[7]) for parts in map(str.split, lines) if parts[1:3] == ends), None)
    except (OSError, ValueError, StopIteration, IndexError):
        return None
