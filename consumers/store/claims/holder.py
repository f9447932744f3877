"""The holder of a claim, in words and as it is stored."""

import os
import socket
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from bus_schemas.event import iso


@dataclass(frozen=True, slots=True)
class Holder:
    host: str
    pid: int
    data: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} with the data directory {self.data}, since {self.since}"


class ClaimTaken(RuntimeError):
    """Another process runs this consumer."""

    def __init__(self, consumer: str, stored: str) -> None:
        super().__init__(f"the consumer {consumer} runs already: {_words(stored)}; stop that one first")


_holder = TypeAdapter(Holder)


def this_process(data: Path, now: datetime) -> Holder:
    return Holder(socket.gethostname(), os.getpid(), str(data.resolve()), iso(now))


def to_text(holder: Holder) -> str:
    return _holder.dump_json(holder).decode()


def _words(stored: str) -> str:
    try:
        return str(_holder.validate_json(stored))
    except ValidationError:
        return "another process"
