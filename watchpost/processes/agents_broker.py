"""Prepares the listener of the broker for enrolled agents, and has the broker read their users again."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import structlog

from mosquitto.launcher import LOOPBACK, AgentsListener
from producer.ids import utc_now
from producer.locks import LockHeld
from watchpost.configuration.broker import AgentsSection
from watchpost.configuration.config import WatchpostConfig

POLL_S: Final = 0.2
RENEWS_EVERY_S: Final = 3600.0
"""The certificate, where it will expire, or this machine has another address now."""
LINK_LOCAL: Final = ("fe80:", "169.254.")

log = structlog.get_logger()


def agents_listener(config: WatchpostConfig, data: Path) -> AgentsListener | None:
    """With its certificate and its users, who may be none yet. `None` where no agents are enrolled at our broker, and
    where their files are damaged: everybody else is let in all the same, and the gateway reports it.
    """
    agents = config.broker.agents
    if agents is None or not config.broker.start:
        return None
    from gateway.agents.accounts import Accounts
    from mosquitto.authority import ensure_certificate
    from watchpost.configuration.enrolment import accounts_folder, authority_folder

    accounts, certificate = accounts_folder(config, data), authority_folder(data)
    try:
        Accounts(accounts).begin()
        ensure_certificate(certificate, _names(agents), utc_now())
    except (OSError, ValueError, LockHeld) as error:
        log.error("no enrolled agent is let in", reason=str(error))
        return None
    return AgentsListener(agents.port, agents.host, accounts, certificate)


def agents_files(config: WatchpostConfig, data: Path) -> Sequence[Path]:
    """Those that the broker is to read again when they change; none for a broker elsewhere."""
    listener = agents_listener(config, data)
    if listener is None:
        return ()
    # The key is written before its certificate.
    return listener.accounts / "passwords", listener.accounts / "acl", listener.certificate / "server.crt"


def reload_on_change(
    files: Sequence[Path], reload: Callable[[], None], stopping: threading.Event, renew: Callable[[], object]
) -> None:
    """Until `stopping`: call `reload` after a change of a file, and now and then `renew`, which may change one."""
    if not files:
        return
    before, renewed_at = _stamps(files), time.monotonic()
    while not stopping.wait(POLL_S):
        if time.monotonic() - renewed_at >= RENEWS_EVERY_S:
            renewed_at = time.monotonic()
            renew()
        now = _stamps(files)
        if now != before:
            before = now
            reload()


def _stamps(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Each change is a new file in the place of the old one."""
    found: list[tuple[int, int] | None] = []
    for file in files:
        stamp = None
        with suppress(OSError):
            stat = file.stat()
            stamp = stat.st_ino, stat.st_mtime_ns
        found.append(stamp)
    return found


def _names(agents: AgentsSection) -> list[str]:
    """Every name and address of this machine, and those that the configuration adds."""
    host = socket.gethostname()
    addresses = [
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family in (socket.AF_INET, socket.AF_INET6) and not address.address.startswith(LINK_LOCAL)
    ]
    given = [*agents.names, *([agents.reached_at] if agents.reached_at else [])]
    return list(dict.fromkeys([LOOPBACK, "localhost", host, f"{host}.local", *addresses, *given]))
