"""The loss of a device that a last will, an orderly end, or a device that never came stands for."""

from consumers.alerting.incidents.presence import ANYTHING, How, Loss
from consumers.store.journal.record import Recorded


def loss_of(how: How, record: Recorded, reason: str, under: str | None = None) -> Loss:
    """By a last will, whose own time is that of the connection; or by its own disconnection."""
    received = record.received_s
    return Loss(
        how,
        received,
        reason,
        record.time_s if how == "stopped" else None,
        under=under,
        causes=(record.id,),
        since=received,
    )


def never_heard(tick: Recorded, since: float, *, is_added: bool) -> Loss:
    """The loss of a device that is expected to send since it was added, or since the hub began to listen."""
    reason = f"nothing received since {'it was added' if is_added else 'the hub started'}"
    return Loss("never", tick.time_s, reason, ANYTHING, causes=(tick.id,), since=since)


def is_excused(lost: Loss | None, now: float, silent_s: float | None) -> bool:
    """Whether a device is lost for its silence alone, and may now be silent for so long; `None` is for ever."""
    if lost is None or lost.how not in ("silent", "never"):
        return False
    return silent_s is None or now - lost.since <= silent_s
