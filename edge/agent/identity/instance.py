"""Describes one run of an agent in its claims."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import uuid4

from bus_schemas.protocol import Claim
from producer.outbox.disk_id import BOOT_ID


class IdentityTaken(RuntimeError):
    """Another agent has the identity of this one. The message names it, and since when it runs."""


@dataclass(frozen=True, slots=True)
class Instance:
    """`boot_id` differs between machines, and between two starts of one machine."""

    id: str
    node: str
    host: str
    pid: int
    since: datetime
    boot_id: str

    @classmethod
    def begin(cls, node: str, now: datetime) -> Self:
        boot_id = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
        return cls(uuid4().hex, node, socket.gethostname(), os.getpid(), now, boot_id)

    def claim(self, *, established: bool, asks: bool = False) -> Claim:
        return Claim(
            instance=self.id,
            node=self.node,
            host=self.host,
            pid=self.pid,
            since=self.since,
            established=established,
            asks=asks,
        )
