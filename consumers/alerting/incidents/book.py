"""Decides on incidents within one fold, and writes them with the conditions of their devices."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from pydantic_core import from_json

from bus_schemas.event import HUB, HUB_SOURCE, RESERVED
from bus_schemas.node import HEARTBEAT_EVERY_S, LOST, STOPPED, HeartbeatEvent, State, StateEvent
from bus_schemas.registry import Kind
from consumers.alerting.incidents.device import judge
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.devices import DeviceTable
from consumers.alerting.incidents.hub import WatchedHub, fault_of, hub_json
from consumers.alerting.incidents.losses import is_excused, loss_of, never_heard
from consumers.alerting.incidents.nodes import NodeBook
from consumers.alerting.incidents.presence import How, Knowledge, Loss
from consumers.alerting.incidents.shared import SharedFaults
from consumers.alerting.incidents.sources import forget_sources
from consumers.alerting.incidents.table import IncidentEntry, IncidentTable
from consumers.alerting.incidents.verdict import Verdict, ending
from consumers.alerting.terms import Terms
from consumers.site_registry import RULES, Setting
from consumers.store.journal.record import DeviceKey, Recorded

LATE_S = 30.0
"""An incident is marked as late if the event that decided it took longer than this to arrive."""
_HUB = (HUB, HUB)
_UNHEARD_S = 2 * HEARTBEAT_EVERY_S


class IncidentBook:
    """`judge` decides on one record; each decision is to be entered before the next is asked for."""

    def __init__(self, devices: DeviceTable, terms: Terms) -> None:
        view = devices.view
        self._view = view
        self._terms = terms
        self._rules = terms.rules
        self._devices = devices
        self._table = IncidentTable(view, terms)
        self._nodes = NodeBook(devices, terms.registered)
        self._shared = SharedFaults(devices)
        self._hub_state: WatchedHub | None = None
        self._missed: set[DeviceKey] | None = None

    def enter(self, entry: IncidentEntry, record: Recorded) -> None:
        self._table.enter(entry, record.position)

    def save(self) -> None:
        self._devices.save(self._terms)
        if self._hub_state is not None:
            self._view.execute(
                "insert or replace into watched_hub values (1, ?)", (hub_json.dump_json(self._hub_state).decode(),)
            )

    @property
    def _hub(self) -> WatchedHub:
        if self._hub_state is None:
            found = self._view.execute("select state from watched_hub").fetchone()
            self._hub_state = WatchedHub() if found is None else hub_json.validate_json(found[0])
        return self._hub_state

    def judge(self, record: Recorded) -> Iterable[IncidentEntry]:
        where = record.where
        if where[1] in RESERVED:
            return self._judge_hub(record)
        if self._terms.retired and self._terms.is_retired(where):
            return ()
        watched = self._devices.touched.get(where) or self._devices.touch(where)
        was_known, was_device, lost = watched.is_known, watched.is_device, watched.lost
        if not watched.is_camera:
            watched.expects = self._terms.expects(where)
        watched.note_event(record)
        if record.model is StateEvent:
            return self._judge_state(where, watched, record, (was_known, was_device))
        found = judge(watched, record, self._rules)
        if watched.is_known != was_known or watched.is_device != was_device:
            self._table.conditions.update(record.position, where, watched, watched.known_since)
        if not found and lost is None:
            return ()
        return self._of_device(where, watched, record, found, lost)

    def change(self, setting: Setting, record: Recorded) -> Iterator[IncidentEntry]:
        """Decide what follows from a change of the registry; the terms are those after it."""
        site, device, field, value = setting
        places = self._places("" if (site, device) == RULES else site, device)
        if (field, value) == ("retired", "true"):
            for place in places:
                yield from self._retire(place, record)
        if field == "kinds":
            for place in places:
                yield from self._lose_sources(place, from_json(value), record)
        yield from self._expect_anew(places, record)

    def _retire(self, where: DeviceKey, record: Recorded) -> Iterator[IncidentEntry]:
        """Close what is open of a device, and know nothing more of it: each decision is entered before the next."""
        watched = self._devices.touch(where)
        self._shared.hand_over(where, watched)
        for key in list(watched.open):
            kind, _, part = key.partition("/")
            verdict = Verdict(kind, "closed", record.time_s, (record.id,), ending("retired"), part=part or None)  # type: ignore[arg-type]  # as it was opened
            yield IncidentEntry(where, verdict, watched.open, watched, record.time_s)
        self._devices.forget(where)
        self._table.conditions.retire(record.position, where, record.time_s)
        yield from self._nodes.forget_empty(record, "retired")

    def _lose_sources(self, where: DeviceKey, kinds: Sequence[Kind], record: Recorded) -> Iterator[IncidentEntry]:
        """Close what a device could only end with a source that it does not have any more."""
        watched = self._devices.touch(where)
        for kind in forget_sources(watched, kinds):
            verdict = Verdict(kind, "closed", record.time_s, (record.id,), ending("source_removed"))
            yield IncidentEntry(where, verdict, watched.open, watched, record.time_s)

    def _places(self, site: str, device: str) -> list[DeviceKey]:
        """The devices that have sent anything: this one, all of the site without a device, all without a site."""
        everyone = self._devices.select("true")
        return sorted(at for at in everyone if site in ("", at[0]) and device in ("", at[1]))

    def _expect_anew(self, places: Iterable[DeviceKey], record: Recorded) -> Iterator[IncidentEntry]:
        """Judge devices anew whose expectation has changed: a device that may be silent is not lost for its silence."""
        now = record.received_s
        for where in places:
            watched = self._devices.touch(where)
            if self._terms.is_retired(where):
                continue
            if is_excused(watched.lost, now, self._silent_after(where, watched)):
                watched.lost = None
                verdict = Verdict("offline", "closed", now, (record.id,), ending("not_expected"))
                yield IncidentEntry(where, verdict, watched.open, watched, now)
            self._table.conditions.update(record.position, where, watched)
        yield from self._nodes.forget_empty(record, "not_expected")

    def _of_device(
        self, where: DeviceKey, watched: Watched, record: Recorded, found: Sequence[Verdict], lost: Loss | None
    ) -> Iterator[IncidentEntry]:
        for verdict in found:
            owner = self._shared.owner(where, watched, verdict, self._hub.disk_id)
            if owner is not None:
                its = watched if owner == where else self._devices.touch(owner)
                yield self._entry(owner, its, verdict, record)
        if lost is not None and lost.under is not None and (lost.reported is not None or watched.lost is None):
            yield from self._nodes.restore(lost.under, record)

    def _entry(self, where: DeviceKey, watched: Watched, verdict: Verdict, record: Recorded) -> IncidentEntry:
        late_s = record.received_s - record.time_s
        is_late = late_s > LATE_S and record.model is not HeartbeatEvent
        entry = IncidentEntry(where, verdict, watched.open, watched, record.time_s, late_s=late_s if is_late else None)
        if verdict.type == "offline" and verdict.turn == "closed":
            entry.at, entry.late_s = verdict.since, None
        return entry

    def _judge_hub(self, record: Recorded) -> Iterable[IncidentEntry]:
        if record.model is HeartbeatEvent and record.source == HUB_SOURCE:
            return self._pass_time(record)
        fault = fault_of(record)
        if fault is None:
            return ()
        hub = self._hub
        return [IncidentEntry(_HUB, verdict, hub.open, at=record.time_s) for verdict in hub.judge_fault(fault)]

    def _judge_state(
        self, where: DeviceKey, watched: Watched, record: Recorded, before: Knowledge
    ) -> Iterator[IncidentEntry]:
        assert isinstance(record.event, StateEvent)
        data, lost = record.event.data, watched.lost
        if not data.online:
            yield from self._lose(where, watched, record, data)
            return
        watched.note_greeting(record)
        found = judge(watched, record, self._rules)
        if watched.knowledge != before:
            self._table.conditions.update(record.position, where, watched, watched.known_since)
        yield from self._of_device(where, watched, record, found, lost)

    def _lose(self, where: DeviceKey, watched: Watched, record: Recorded, data: State) -> Iterator[IncidentEntry]:
        """The connection is that of an outbox: with it all devices of the same epoch are gone."""
        received, reason = record.received_s, data.reason or LOST
        how: How = "stopped" if reason == STOPPED else "connection"
        group = self._nodes.group(where, watched)
        is_node = how == "connection" and len(group) > 1
        if how == "connection" and self._hub.doubts(received):
            for place, one in group.items():
                self._devices.touch(place)
                one.suspect(loss_of(how, record, reason))
            return
        under = self._nodes.name(where, watched, group) if is_node else None
        losses = {place: loss_of(how, record, reason, under) for place in group}
        yield from self._enter_losses(losses, under, record, received)

    def _enter_losses(
        self, losses: dict[DeviceKey, Loss], under: str | None, record: Recorded, at: float
    ) -> Iterator[IncidentEntry]:
        if under is not None:
            yield from self._nodes.miss(under, losses, at)
        for place, loss in sorted(losses.items(), key=lambda item: item[0]):
            watched = self._devices.touch(place)
            for verdict in watched.lose(loss):
                yield IncidentEntry(place, verdict, watched.open, watched, at)

    def _pass_time(self, tick: Recorded) -> Iterator[IncidentEntry]:
        hub, now = self._hub, tick.time_s
        if hub.was_set_back(now):
            self._set_back(now)
        for verdict in hub.pass_time(tick, self._rules):
            yield IncidentEntry(_HUB, verdict, hub.open, at=now)
        recently = now - self._terms.shortest_silence_s
        # What is found on the way is read, and changes the dictionary.
        due = [(at, one) for at, one in self._devices.due(now).items() if not one.is_heard_since(recently)]
        candidates = {at: one for at, one in sorted(due, key=itemgetter(0)) if self._due(at, one) <= now}
        missing = {
            at: lost
            for at, one in candidates.items()
            if (lost := one.missing(tick, self._missed_since(at), self._silent_after(at, one))) is not None
        }
        yield from self._miss(missing, tick)
        for at in candidates:
            watched = self._devices.touch(at)
            for verdict in watched.go_on(tick, self._missed_since(at), self._silent_after(at, watched)):
                yield IncidentEntry(at, verdict, watched.open, watched, now)
        yield from self._miss_expected(tick)

    def _set_back(self, now: float) -> None:
        """Else no silence would be one until the clock is where it was."""
        self._hub.set_back(now)
        for where in list(self._devices.select("true")):
            self._devices.touch(where).set_back(now)

    def _missed_since(self, where: DeviceKey) -> float:
        return self._terms.missed_since(where, self._hub.listening, self._hub.heard)

    def _silent_after(self, where: DeviceKey, one: Watched) -> float | None:
        return self._terms.silent_after_s(where, is_agents=one.is_agents) if one.is_device else None

    def _due(self, where: DeviceKey, one: Watched) -> float:
        return one.due(self._silent_after(where, one))

    def _miss(self, missing: dict[DeviceKey, Loss], tick: Recorded) -> Iterator[IncidentEntry]:
        """Where all devices of an agent are silent, it is the agent that is gone.

        An agent of which a device is there stays there within a tick, and is asked about once: its devices may be many.
        """
        there: set[str | None] = set()
        for where in sorted(missing):
            if where not in missing:
                continue
            watched = self._devices.touch(where)
            losses, under = {where: missing[where]}, None
            if watched.epoch not in there:
                group = self._nodes.group(where, watched)
                if len(group) > 1 and all(at in missing or self._is_gone(at, one, tick) for at, one in group.items()):
                    under = self._nodes.name(where, watched, group)
                    losses = self._losses_of(group, missing, tick, under)
                else:
                    there.add(watched.epoch)
            for at in losses:
                missing.pop(at, None)
            yield from self._enter_losses(losses, under, tick, tick.time_s)

    def _losses_of(
        self, group: dict[DeviceKey, Watched], missing: dict[DeviceKey, Loss], tick: Recorded, under: str
    ) -> dict[DeviceKey, Loss]:
        """The losses of those devices of an agent that is gone that are not lost yet."""
        losses = {
            at: missing.get(at) or one.silence(tick, max(one.heard, self._missed_since(at)))
            for at, one in group.items()
            if one.lost is None
        }
        for lost in losses.values():
            lost.under = under
        return losses

    def _is_gone(self, where: DeviceKey, one: Watched, tick: Recorded) -> bool:
        return one.lost is not None or tick.time_s - max(one.heard, self._missed_since(where)) > _UNHEARD_S

    def _miss_expected(self, tick: Recorded) -> Iterator[IncidentEntry]:
        """A device that was down before the hub began to listen is missed as well as one that goes."""
        if self._missed is None:
            self._missed = set(self._terms.missed()) - self._devices.seen()
        for where in sorted(self._missed):
            silent_s = self._terms.silent_after_s(where, is_agents=True)
            known = self._devices.known.get(where)
            if (known is not None and known.is_device) or silent_s is None:
                self._missed.discard(where)
            elif tick.time_s - (since := self._missed_since(where)) > silent_s:
                self._missed.discard(where)
                watched = self._devices.touch(where)
                watched.is_device, watched.status = True, "not_started"
                never = never_heard(tick, since, is_added=since > self._hub.listening)
                yield from self._enter_losses({where: never}, None, tick, tick.time_s)
