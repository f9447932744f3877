"""Sends what is left in outboxes of the data directory whose agent is configured no more, as where it was renamed."""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from edge.agent.relay_thread import COUNTS_EVERY_S, relay_options, relaying, waiting_in
from edge.agent.settings import NodeSettings
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.locks import FileLock, LockHeld
from producer.outbox.limits import OutboxLimits
from producer.relay.relay import Relay, RelayOptions
from producer.sqlite_files import remove_database

KEPT_S: Final = 86_400.0
"""As long as the tail of an outbox, in case that the agent is configured again."""

log = structlog.get_logger(__name__)


@contextmanager
def sending_abandoned(
    folder: Path, nodes: Collection[str], broker: BrokerAddress, settings: NodeSettings
) -> Iterator[None]:
    """Send the outboxes of other agents than `nodes`, unless one of them runs; an empty one goes after a day.

    `settings` are those of the agent that does so, whose link they share.
    """
    ending = threading.Event()
    limits = OutboxLimits(settings.max_outbox_bytes, settings.tail_bytes)
    options = relay_options(settings, broker, limits, is_enrolled=False)
    options = replace(options, subscriptions=(), is_exclusive=False)
    with ExitStack() as running:
        for file in sorted(folder.glob("*.sqlite")):
            if file.stem not in nodes:
                thread = threading.Thread(target=_tend, args=(file, broker, options, ending), name="abandoned")
                thread.start()
                running.callback(thread.join)
        running.callback(ending.set)
        yield


def _tend(file: Path, broker: BrokerAddress, options: RelayOptions, ending: threading.Event) -> None:
    with suppress(LockHeld, OSError), FileLock(file.with_suffix(".lock")):
        if waiting := waiting_in(file):
            log.warning("sends what an agent has left that is configured no more", outbox=str(file), events=waiting)
            with relaying(Relay(file, broker, utc_now, options)) as thread:
                while thread.is_alive() and waiting_in(file) and not ending.wait(COUNTS_EVERY_S):
                    pass
        if waiting_in(file) == 0 and time.time() - file.stat().st_mtime > KEPT_S:
            log.info("an outbox is removed whose agent is configured no more", outbox=str(file))
            remove_database(file)
            for beside in (".ballast", ".lock"):
                file.with_suffix(beside).unlink(missing_ok=True)
