"""One-time codes with which devices are enrolled: hashed at rest, valid for minutes, and used once."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from producer.locks import FileLock
from producer.whole_file import PRIVATE, write_whole

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The alphabet of Crockford: no letter looks like a digit."""
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
GROUPS, PER_GROUP = 3, 4
"""60 bits: within its minutes nobody guesses it, neither here nor from the hash."""
MOST_CODES: Final = 100
WAIT_S: Final = 5.0
INVALID: Final = "this code is not valid: it is mistyped, used already, or expired"


class CodeInvalid(ValueError):
    """The code is unknown, used or expired. It is not said which of these."""


@dataclass(frozen=True, slots=True)
class Code:
    """The agent that a code is for; `expires` in seconds since 1970."""

    sha256: str
    node: str
    by: str
    expires: float


_codes = TypeAdapter(list[Code])


class Codes:
    """Those that nobody has used yet, in a file. Several processes of the hub may use it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "codes.json"
        self._lock = folder / "codes.lock"

    def issue(self, node: str, by: str, now: datetime, lasts: timedelta) -> tuple[str, datetime]:
        """A new code and when it expires; an older one of the same agent is void. Raises `OSError` and `LockHeld`."""
        code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(PER_GROUP)) for _ in range(GROUPS))
        expires = now + lasts
        with self._changing(now) as codes:
            codes[:] = [one for one in codes if one.node != node][-MOST_CODES + 1 :]
            codes.append(Code(_hashed(code), node, by, expires.timestamp()))
        return code, expires

    def find(self, code: str, now: datetime) -> Code:
        """Raises `CodeInvalid`. Nothing is written: wrong codes cost little, however many there are."""
        wanted = _hashed(code)
        for one in self._read():
            if secrets.compare_digest(one.sha256, wanted) and one.expires > now.timestamp():
                return one
        raise CodeInvalid(INVALID)

    def cancel(self, node: str, now: datetime) -> None:
        """The code of an agent is void, if it has one. Raises `OSError` and `LockHeld`."""
        with self._changing(now) as codes:
            codes[:] = [one for one in codes if one.node != node]

    @contextmanager
    def _changing(self, now: datetime) -> Iterator[list[Code]]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._lock, wait_s=WAIT_S):
            codes = [one for one in self._read() if one.expires > now.timestamp()]
            yield codes
            write_whole(self._file, _codes.dump_json(codes), PRIVATE)

    def _read(self) -> list[Code]:
        try:
            return _codes.validate_json(self._file.read_bytes())
        except (OSError, ValueError):
            return []  # Without the file no code is valid: a new one is made in a moment.


def _hashed(code: str) -> str:
    """However it was typed: in small letters, without its dashes, with an O for a 0."""
    plain = "".join(code.upper().split()).replace("-", "").translate(_MISREAD)
    return hashlib.sha256(plain.encode()).hexdigest()
