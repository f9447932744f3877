"""A running product with a good site in it, and what hostile participants need to reach it."""

import itertools
import random
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.cameras.case import Case
from tests.cameras.server import Cameras
from tests.receivers import Behaviour
from tests.s3_proxy import S3Proxy

GOOD_SITE, BAD_SITE, NODE = "GOOD", "BAD", "shared"
CAMERA, METER = "ENTRANCE", "METER"
STOLEN = 8
"""Devices of the bad site whose passwords others have."""


@dataclass(frozen=True)
class Login:
    """A user of a broker that asks for a password."""

    username: str
    password: str
    port: int
    tls: ssl.SSLContext


@dataclass
class World:
    """What is there while a run lasts."""

    data: Path
    cameras: Cameras
    mqtt_port: int
    http_port: int
    token: str = ""
    disk: Path | None = None
    """Of a size of its own, where this run has one."""
    bucket: S3Proxy | None = None
    """Of cold storage, where this run has one."""
    stolen: tuple[Login, ...] = ()
    """Users of devices of the bad site whose passwords others have, where the broker asks for one."""
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Answers that the gateway must never give."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def steal(self) -> tuple[str, Login | None]:
        """The next device of the bad site, and its user; who has an id of another's connection would end that."""
        number = next(self._numbers)
        return f"BAD{number % STOLEN}", self.stolen[number % len(self.stolen)] if self.stolen else None


Act = Callable[[World, random.Random, threading.Event], None]


@dataclass(frozen=True)
class Participant:
    """Somebody hostile: a camera or a receiver of the configuration, or something that acts until it is told to end."""

    name: str
    act: Act | None = None
    camera: Case | None = None
    receiver: Behaviour | None = None
    needs_disk: bool = False
    needs_bucket: bool = False
