"""Keeps the incidents of agents that are gone: one for each site of theirs, under which those of its devices hang."""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.devices import DeviceTable
from consumers.alerting.incidents.presence import Loss
from consumers.alerting.incidents.table import IncidentEntry
from consumers.alerting.incidents.verdict import Ending, Open, Verdict, ending
from consumers.store.journal.record import DeviceKey, Recorded

EPOCH_SHOWN: Final = 8
LONGEST_NAME: Final = 64
_NO_PART_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")


class NodeRef(NamedTuple):
    site: str
    name: str


class NodeBook:
    """`nodes` of the view: each entry is to be entered before the next is asked for."""

    def __init__(self, devices: DeviceTable, registered: Collection[DeviceKey]) -> None:
        self._devices = devices
        self._registered = registered
        self._view = devices.view

    def group(self, where: DeviceKey, watched: Watched) -> dict[DeviceKey, Watched]:
        """The devices of the same agent, of which `where` is one."""
        if watched.epoch is None:
            return {where: watched}
        everyone = self._devices.select("outbox = ?", watched.epoch).items()
        return {at: one for at, one in everyone if at == where or (one.epoch == watched.epoch and one.is_device)}

    def name(self, where: DeviceKey, watched: Watched, group: Mapping[DeviceKey, Watched]) -> str:
        """Older agents do not say their name, and two agents may say the same, or one that of a device."""
        known = (one.lost.under for one in group.values() if one.lost is not None and one.lost.under is not None)
        if (name := next(known, None)) is not None:
            return name
        epoch = _NO_PART_OF_A_NAME.sub("-", watched.epoch or "")
        if watched.node is None:
            return f"agent-{epoch[:EPOCH_SHOWN]}"
        everyone = self._devices.select("true").values()
        others = (one.node == watched.node and one.epoch != watched.epoch for one in everyone)
        if any(others) or any(self._is_device((site, watched.node)) for site, _ in group):
            # An epoch begins with the time at which it began, which two agents may share.
            return f"{watched.node[: LONGEST_NAME - EPOCH_SHOWN - 1]}-{epoch[-EPOCH_SHOWN:]}"
        return watched.node

    def _is_device(self, where: DeviceKey) -> bool:
        known = self._devices.known.get(where)
        return where in self._registered or (known is not None and known.is_device)

    def miss(self, name: str, losses: dict[DeviceKey, Loss], at: float) -> Iterator[IncidentEntry]:
        """Open an incident at each site: an agent may have devices of several."""
        for site, places in groupby(sorted(losses), key=itemgetter(0)):
            yield from self._miss_in(NodeRef(site, name), {place: losses[place] for place in places}, at)

    def _miss_in(self, node: NodeRef, losses: dict[DeviceKey, Loss], at: float) -> Iterator[IncidentEntry]:
        query = "select 1 from nodes where node = ? and site = ?"
        if self._view.execute(query, (node.name, node.site)).fetchone() is not None:
            return
        first = min(losses.values(), key=lambda lost: lost.since)
        names = sorted(device for _, device in losses)
        details = {"reason": first.reason, "devices": names}
        kept: dict[str, Open] = {}
        yield IncidentEntry(node, Verdict("node_offline", "opened", first.since, first.causes, details), kept, at=at)
        values = (node.name, node.site, kept["node_offline"].id)
        self._view.execute("insert into nodes values (?, ?, ?)", values)

    def restore(self, name: str, record: Recorded) -> Iterator[IncidentEntry]:
        """Close the incidents of a node that is back."""
        query = "select site, incident_id from nodes where node = ? order by site"
        for site, incident_id in self._view.execute(query, (name,)).fetchall():
            yield self._close(NodeRef(site, name), incident_id, record)

    def forget_empty(self, record: Recorded, became: Ending) -> Iterator[IncidentEntry]:
        """Close the incidents of nodes under which no device hangs any more."""
        gone = self._view.execute("select node, site, incident_id from nodes order by node, site").fetchall()
        if not gone:
            return
        everyone = self._devices.select("true").items()
        under = {(site, one.lost.under) for (site, _), one in everyone if one.lost is not None}
        for name, site, incident_id in gone:
            if (site, name) not in under:
                yield self._close(NodeRef(site, name), incident_id, record, became)

    def _close(self, node: NodeRef, incident_id: str, record: Recorded, became: Ending | None = None) -> IncidentEntry:
        at = record.received_s
        details = {} if became is None else ending(became)
        self._view.execute("delete from nodes where node = ? and site = ?", (node.name, node.site))
        verdict = Verdict("node_offline", "closed", at, (record.id,), details)
        return IncidentEntry(node, verdict, {"node_offline": Open(incident_id, "error", at)}, at=at)
