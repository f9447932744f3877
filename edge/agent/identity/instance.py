"""One life of an agent, as it tells others of itself."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from bus_schemas.event import Moment, iso

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class IdentityTaken(RuntimeError):
    """Another agent has our identity; the message says which one, and since when."""


class Claim(BaseModel):
    """What agents say to each other of a device: this life of mine has it, or, not `established`, wants it.

    `asks` wants an answer of whoever else has it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: str = Field(min_length=1, max_length=64)
    node: str = Field(max_length=256)
    host: str = Field(max_length=256)
    pid: int = Field(ge=0, le=2**53 - 1)
    since: Moment
    established: bool
    asks: bool = False

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """Of two the smaller one stays. It never grows in the life of an agent, so never both leave."""
        return not self.established, self.since, self.instance

    def __str__(self) -> str:
        return f"agent {self.node} on {self.host}, process {self.pid}, since {iso(self.since)}"


@dataclass(frozen=True, slots=True)
class Instance:
    """`boot_id` tells one run of a machine from another one, and from every other machine's."""

    id: str
    node: str
    host: str
    pid: int
    since: datetime
    boot_id: str

    @classmethod
    def begin(cls, node: str, now: datetime) -> Self:
        boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
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
