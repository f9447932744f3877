"""Writes the users of enrolled agents for mosquitto: a password file and an access list, in a folder of their own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from bus_schemas.topics import ROOT
from producer.locks import FileLock
from producer.whole_file import write_whole

PASSWORDS: Final = "passwords"
ACCESS_LIST: Final = "acl"
WAIT_S: Final = 5.0
EXPECTED_FOR: Final = timedelta(minutes=10)
WRITES: Final = ("event/#", "media/#", "live/#", "response/#", "state")
READS: Final = ("watermark", "command/#")
READS_AND_WRITES: Final = ("claim",)
HEAD: Final = "# Users of enrolled agents. The hub writes this file: what is added by hand is lost.\n"


@dataclass(frozen=True, slots=True)
class Account:
    """A user, the hash of its password, and the devices for which it may speak, as `SITE/DEVICE`.

    The broker does not get one that is `expected`, in seconds since 1970: its enrolment is on its way into the
    journal.
    """

    user: str
    password_hash: str
    devices: tuple[str, ...]
    expected: float | None = None


_accounts = TypeAdapter(list[Account])


class Accounts:
    """The accounts in a folder that mosquitto reads. The process that runs mosquitto has it read the files again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "accounts.json"

    def begin(self) -> None:
        """Make the files that are missing, so that mosquitto starts: nobody is let in where the accounts are damaged,
        until the upkeep of agents can read them. Raises `OSError` and `LockHeld`.
        """
        if self._is_whole():
            return
        try:
            with self._changing():
                pass
        except ValueError:
            for name in (PASSWORDS, ACCESS_LIST):
                if not (self._folder / name).exists():
                    self._write(self._folder / name, "")

    def expect(self, user: str, password_hash: str, now: datetime) -> None:
        """Keep the hash of a password until `reconcile` names the user."""
        with self._changing() as accounts:
            accounts[user] = Account(user, password_hash, (), now.timestamp())

    def reconcile(self, devices: Mapping[str, tuple[str, ...]], gone: Iterable[str], now: datetime) -> None:
        """Set the devices of users, and remove those that are `gone`, or were expected and did not come. Users that
        nobody names stay as they are: a view that is being folded again does not know all of them yet.

        Raises `OSError`, `ValueError` and `LockHeld`, as every method does.
        """
        gone = set(gone)
        known = self._read()
        late = (now - EXPECTED_FOR).timestamp()
        wanted = {
            user: replace(one, devices=devices[user], expected=None) if user in devices else one
            for user, one in known.items()
            if user not in gone and (user in devices or one.expected is None or one.expected > late)
        }
        if wanted != known or not self._is_whole():
            with self._changing() as accounts:
                accounts.clear()
                accounts.update(wanted)

    def users(self) -> set[str]:
        """Those that the broker lets in."""
        return {one.user for one in self._read().values() if one.expected is None}

    def _is_whole(self) -> bool:
        return (self._folder / PASSWORDS).exists() and (self._folder / ACCESS_LIST).exists()

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "accounts.lock", wait_s=WAIT_S):
            accounts = self._read()
            yield accounts
            ordered = [accounts[user] for user in sorted(accounts)]
            self._write(self._file, _accounts.dump_json(ordered).decode())
            enrolled = [one for one in ordered if one.expected is None]
            self._write(self._folder / PASSWORDS, "".join(f"{one.user}:{one.password_hash}\n" for one in enrolled))
            self._write(self._folder / ACCESS_LIST, HEAD + "".join(map(access_of, enrolled)))

    def _write(self, path: Path, text: str) -> None:
        """The group of the folder reads it where the folder gives files its group."""
        write_whole(path, text.encode(), 0o640)

    def _read(self) -> dict[str, Account]:
        """Raises `ValueError` and `OSError` where there are accounts that cannot be read: they must not be lost."""
        if not self._file.exists():
            return self._of_passwords()
        try:
            return {one.user: one for one in _accounts.validate_json(self._file.read_bytes())}
        except ValueError as error:
            raise ValueError(
                f"{self._file} is damaged: restore it from a backup, or enrol every agent again"
            ) from error

    def _of_passwords(self) -> dict[str, Account]:
        """Those that the broker lets in, where nothing else says who they are; `reconcile` knows their devices."""
        if not (self._folder / PASSWORDS).exists():
            return {}
        lines = (self._folder / PASSWORDS).read_text().splitlines()
        return {
            user: Account(user, found, ()) for user, colon, found in (line.partition(":") for line in lines) if colon
        }


def access_of(account: Account) -> str:
    """The lines of a user in the access list: what the agent of these devices needs, and nothing else."""
    lines = [f"\nuser {account.user}\n"]
    for device in account.devices:
        place = f"{ROOT}/{device}"
        lines += [f"topic write {place}/{name}\n" for name in WRITES]
        lines += [f"topic readwrite {place}/{name}\n" for name in READS_AND_WRITES]
        lines += [f"topic read {place}/{name}\n" for name in READS]
    return "".join(lines)
