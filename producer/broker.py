"""Address, credentials and TLS of the broker."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from producer.loopback import is_loopback
from producer.os_errors import is_of_disk
from producer.secret_file import current_secret

MAX_PASSWORD: Final = 65_535
"""Bytes, by MQTT."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Without a `ca_file` the authorities of the system are trusted. A client certificate needs its key."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    _last: list[ssl.SSLContext] = field(default_factory=list, init=False, repr=False, compare=False)

    def context(self) -> ssl.SSLContext:
        """Made of the files as they are now. Where the disk fails to give them it is the last one: an agent whose card
        has died still has alarms to send.
        """
        try:
            context = self._of_the_files()
        except OSError as error:
            if not self._last or not is_of_disk(error):
                raise
            return self._last[0]
        self._last[:] = [context]
        return context

    def _of_the_files(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A TCP address, or a Unix socket in its place. The password shows in no representation and no log."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    unix_socket: Path | None = None
    password_file: Path | None = None
    """Read for each connection: a password that is changed there needs no restart."""

    def current_password(self) -> str | None:
        """The password in the file, or that of the start where the file holds none or is being replaced."""
        return current_secret(self.password_file, self.password, MAX_PASSWORD)

    @property
    def transport(self) -> Literal["tcp", "unix"]:
        return "tcp" if self.unix_socket is None else "unix"

    @property
    def is_local(self) -> bool:
        """Whether it is at this machine."""
        return self.unix_socket is not None or is_loopback(self.host)

    @property
    def target(self) -> str:
        """The host argument of MQTT clients."""
        return self.host if self.unix_socket is None else str(self.unix_socket)

    def __str__(self) -> str:
        return str(self.unix_socket) if self.unix_socket is not None else f"{self.host}:{self.port}"
