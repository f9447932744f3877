"""Signs configurations of agents with the key of this hub, and hands out the public half."""

import os
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus_schemas.enrolment import signed_bytes
from producer.locks import FileLock

WAIT_S = 5.0


class SigningKey:
    """Ed25519, in a file of the data directory; made where there is none. A backup of the directory has it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "signing.lock", wait_s=WAIT_S):
            self._key = _load(folder / "signing.key")

    @property
    def public(self) -> str:
        return b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, node: str, version: int, configuration: str) -> str:
        return b64encode(self._key.sign(signed_bytes(node, version, configuration))).decode()


def _load(path: Path) -> Ed25519PrivateKey:
    """Raises `OSError`, and `ValueError` where the file holds no key."""
    if path.exists():
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    key = Ed25519PrivateKey.generate()
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(key.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return key
