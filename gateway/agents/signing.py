"""Signs configurations of agents with the key of this hub, verifies them, and hands out the public half."""

from base64 import b64decode, b64encode
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus_schemas.enrolment import signed_bytes
from producer.locks import FileLock, LockHeld
from producer.whole_file import PRIVATE, write_whole

WAIT_S = 5.0


class KeyUnreadable(RuntimeError):
    """Nothing can be signed, and nothing verified. The message says why, and what to do."""


class SigningKey:
    """Ed25519, in a file of the data directory; made where there is none. A backup of the directory has it.

    It is read when it is first needed, and again until it can be read. Every method raises `KeyUnreadable`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "signing.key"
        self._reading = Lock()
        self._key: Ed25519PrivateKey | None = None

    @property
    def public(self) -> str:
        return b64encode(self.load().public_key().public_bytes_raw()).decode()

    def sign(self, node: str, version: int, configuration: str) -> str:
        return b64encode(self.load().sign(signed_bytes(node, version, configuration))).decode()

    def has_signed(self, node: str, version: int, configuration: str, signature: str) -> bool:
        key = self.load().public_key()
        try:
            key.verify(b64decode(signature, validate=True), signed_bytes(node, version, configuration))
        except (ValueError, InvalidSignature):
            return False
        return True

    def load(self) -> Ed25519PrivateKey:
        with self._reading:
            if self._key is None:
                self._key = self._read()
            return self._key

    def _read(self) -> Ed25519PrivateKey:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), wait_s=WAIT_S):
                return _key_of(self._path)
        except ValueError as error:
            raise KeyUnreadable(
                f"{self._path} is damaged: restore it from a backup; without one, move it away and enrol every agent"
                " again"
            ) from error
        except OSError as error:
            raise KeyUnreadable(f"{error.filename or self._path} cannot be used: {error.strerror}") from error
        except LockHeld as error:
            raise KeyUnreadable(str(error)) from error


def _key_of(path: Path) -> Ed25519PrivateKey:
    """Raises `OSError`, and `ValueError` where the file holds no key."""
    if path.exists():
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    key = Ed25519PrivateKey.generate()
    write_whole(path, key.private_bytes_raw(), PRIVATE)
    return key
