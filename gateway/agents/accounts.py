"""Writes the users of enrolled agents for mosquitto: a password file and an access list, in a folder of their own."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bus_schemas.topics import ROOT
from producer.locks import FileLock

PASSWORDS: Final = "passwords"
ACCESS_LIST: Final = "acl"
WAIT_S: Final = 5.0
WRITES: Final = ("event/#", "media/#", "live/#", "response/#", "state")
READS: Final = ("watermark", "command/#")
READS_AND_WRITES: Final = ("claim",)
HEAD: Final = "# Users of enrolled agents. The hub writes this file: what is added by hand is lost.\n"


@dataclass(frozen=True, slots=True)
class Account:
    """A user, the hash of its password, and the devices for which it may speak, as `SITE/DEVICE`."""

    user: str
    password_hash: str
    devices: tuple[str, ...]


class Accounts:
    """The accounts in a folder that mosquitto reads. Whoever runs mosquitto has it read the files again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "accounts.json"

    def begin(self) -> None:
        """Make the files, so that mosquitto starts. Raises `OSError`."""
        with self._changing():
            pass

    def add(self, account: Account) -> None:
        with self._changing() as accounts:
            accounts[account.user] = account

    def reconcile(self, devices: Mapping[str, tuple[str, ...]], gone: Iterable[str]) -> None:
        """Set the devices of users, and remove those that are `gone`. Users that nobody names stay as they are: a view
        that is being folded again does not know all of them yet.
        """
        gone = set(gone)
        known = self._read()
        wanted = {
            user: Account(user, one.password_hash, devices.get(user, one.devices))
            for user, one in known.items()
            if user not in gone
        }
        if wanted != known or not self._is_whole():
            with self._changing() as accounts:
                accounts.clear()
                accounts.update(wanted)

    def users(self) -> set[str]:
        return set(self._read())

    def _is_whole(self) -> bool:
        return (self._folder / PASSWORDS).exists() and (self._folder / ACCESS_LIST).exists()

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "accounts.lock", wait_s=WAIT_S):
            accounts = self._read()
            yield accounts
            ordered = [accounts[user] for user in sorted(accounts)]
            self._write(self._file, json.dumps([asdict(one) for one in ordered]))
            self._write(self._folder / PASSWORDS, "".join(f"{one.user}:{one.password_hash}\n" for one in ordered))
            self._write(self._folder / ACCESS_LIST, HEAD + "".join(map(access_of, ordered)))

    def _write(self, path: Path, text: str) -> None:
        """Whole, or as it was. The group of the folder reads it where the folder gives files its group."""
        draft = path.with_name(f"{path.name}.new")
        with draft.open("w") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _read(self) -> dict[str, Account]:
        """Raises `ValueError` and `OSError` where there are accounts that cannot be read: they must not be lost."""
        if not self._file.exists():
            return {}
        found = json.loads(self._file.read_bytes())
        try:
            return {one["user"]: Account(one["user"], one["password_hash"], tuple(one["devices"])) for one in found}
        except (KeyError, TypeError) as error:
            raise ValueError(f"{self._file} is damaged") from error


def access_of(account: Account) -> str:
    """The lines of a user in the access list: what the agent of these devices needs, and nothing else."""
    lines = [f"\nuser {account.user}\n"]
    for device in account.devices:
        place = f"{ROOT}/{device}"
        lines += [f"topic write {place}/{name}\n" for name in WRITES]
        lines += [f"topic readwrite {place}/{name}\n" for name in READS_AND_WRITES]
        lines += [f"topic read {place}/{name}\n" for name in READS]
    return "".join(lines)
