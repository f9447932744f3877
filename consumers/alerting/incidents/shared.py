"""Decides whose incident a fault is that devices of a site share: a full disk, or one of the machine of an agent."""

from collections.abc import Iterator
from typing import Final

from consumers.alerting.incidents.detectors import DiskCondition, LimitCondition
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.devices import DeviceTable, is_same_disk
from consumers.alerting.incidents.machine import OF_MACHINE
from consumers.alerting.incidents.verdict import Verdict
from consumers.store.journal.record import DeviceKey

STORAGE: Final = "storage"


class SharedFaults:
    """The first device of a site that reports one has the incident; the others report it too, which changes nothing."""

    def __init__(self, devices: DeviceTable) -> None:
        self._devices = devices

    def owner(self, where: DeviceKey, mine: Watched, verdict: Verdict, hub_disk: str | None) -> DeviceKey | None:
        """The device whose incident a verdict is about. `None` where that is the hub, or another device, which reports
        for itself as long as it is there.
        """
        kind = verdict.type
        if kind in mine.open or (kind != STORAGE and kind not in OF_MACHINE):
            return where
        owner = next((at for at, one in self._others(where, mine, kind) if kind in one.open), None)
        if verdict.turn == "opened":
            is_of_hub = kind == STORAGE and mine.disk_id is not None and mine.disk_id == hub_disk
            return where if owner is None and not is_of_hub else None
        if owner is None or self._devices.known[owner].lost is None:
            return None
        _judge_anew(self._devices.touch(owner), kind)
        return owner

    def hand_over(self, where: DeviceKey, mine: Watched) -> None:
        """The incidents of a device that is retired end with it. What is still the case, the others report anew."""
        for kind in mine.open:
            if kind == STORAGE or kind in OF_MACHINE:
                for at, _ in list(self._others(where, mine, kind)):
                    _judge_anew(self._devices.touch(at), kind)

    def _others(self, where: DeviceKey, mine: Watched, kind: str) -> Iterator[tuple[DeviceKey, Watched]]:
        """The devices of the same site that share what a fault is of."""
        is_of_disk = kind == STORAGE
        everyone = self._devices.select("true") if is_of_disk else self._devices.select("outbox = ?", mine.epoch)
        for at, one in everyone.items():
            if (
                at != where
                and at[0] == where[0]
                and (is_same_disk(one, mine) if is_of_disk else one.epoch == mine.epoch)
            ):
                yield at, one


def _judge_anew(one: Watched, kind: str) -> None:
    if kind == STORAGE:
        one.disk = DiskCondition()
    else:
        setattr(one.machine, kind, LimitCondition())
