"""Looks up sites and devices for routes, with their current condition."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from bus_schemas.condition import SEVERITY
from bus_schemas.registry import Expectation
from consumers.alerting.conditions import DeviceCondition
from consumers.engine.view_files import NoView
from consumers.site_registry import DeviceEntry, Registered
from consumers.store.journal.record import DeviceKey
from consumers.views.health import questions as health
from consumers.views.health.questions import DeviceHealth
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.conditions import UNKNOWN, Status, conditions_at, reason_of, status_of
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores

NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that is registered, or that events have come from, or both. `expects` is `None` where it is not set;
    `health` is what the device said of itself.
    """

    site: str
    device: str
    name: str
    kinds: tuple[str, ...]
    health: DeviceHealth
    is_registered: bool = False
    is_retired: bool = False
    expects: Expectation | None = None
    silent_after_s: float = 0
    condition: DeviceCondition = UNKNOWN

    @property
    def has_sent(self) -> bool:
        return self.health.last_received is not None

    @property
    def is_online(self) -> bool:
        return self.has_sent and "offline" not in self.condition.types

    @property
    def is_recording(self) -> bool:
        return self.is_online and self.health.is_recording

    @property
    def status(self) -> Status:
        return status_of(self.condition, self.health.status if self.has_sent else None)

    @property
    def reason(self) -> str | None:
        return reason_of(self.condition, self.health)


def all_devices(moment: StoresAsOf, site: str | None = None) -> list[KnownDevice]:
    """Those with which most is wrong first, and of these the newest; else the registered ones in their order, then
    those that only their events know. Those that are retired too.
    """
    now = conditions_at(moment, site)
    return sorted((_judged(one, now) for one in _known_devices(moment, site)), key=_urgency)


def _judged(one: KnownDevice, now: Mapping[DeviceKey, DeviceCondition]) -> KnownDevice:
    return replace(one, condition=now.get((one.site, one.device), UNKNOWN))


def _urgency(one: KnownDevice) -> tuple[int, float]:
    severity = SEVERITY[one.condition.condition]
    return -severity, -one.condition.since if one.condition.types else 0.0


def _known_devices(moment: StoresAsOf, site: str | None) -> list[KnownDevice]:
    seen = {(one.site, one.device): one for one in _sources(moment.health, site, moment.now)}
    registered = moment.registered()
    entries = registered.devices(site)
    known = [_known(entry, seen.pop((entry.site, entry.device), None)) for entry in entries]
    return known + [_unregistered(registered, one) for one in seen.values() if one.is_device]


def watched_devices(moment: StoresAsOf, site: str | None = None) -> list[KnownDevice]:
    """All devices, as `all_devices`, without those that are retired."""
    return [one for one in all_devices(moment, site) if not one.is_retired]


def one_device(moment: StoresAsOf, site: str, device: str) -> KnownDevice:
    """Raises a 404 for a device that is not registered and has sent no event."""
    registered = moment.registered()
    entry = registered.device(site, device)
    try:
        seen = health.device(moment.health(), site, device, moment.now)
    except NoView:
        seen = None
    if entry is not None:
        known = _known(entry, seen)
    elif seen is not None and seen.is_device:
        known = _unregistered(registered, seen)
    else:
        raise Problem(404, f"there is no device {device!r} in site {site!r}")
    return _judged(known, conditions_at(moment, site))


async def require_device(gateway: Gateway, site: str, device: str, as_of: datetime | None = None) -> None:
    """Raises a 404 as `one_device` does; the view of health is asked only where the registry does not know it."""

    def question(moment: StoresAsOf) -> None:
        if moment.registered().device(site, device) is None:
            one_device(moment, site, device)

    await gateway.ask_at(as_of, question)


async def require_devices(gateway: Gateway, site: str, devices: Iterable[str]) -> None:
    """Raises a 404 for a site, and for the first of these devices, that is not registered and has sent no event."""

    def question(moment: StoresAsOf) -> None:
        if not is_site(moment.stores, site):
            raise Problem(404, f"there is no site {site!r}")
        for device in devices:
            if moment.registered().device(site, device) is None:
                one_device(moment, site, device)

    await gateway.ask_at(None, question)


async def require_site(gateway: Gateway, site: str) -> None:
    """Raises a 404 for a site that is not registered and has sent no event."""
    await zone_of_site(gateway, site)


async def zone_of_site(gateway: Gateway, site: str) -> ZoneInfo:
    """By whose midnights a site has its days. Raises a 404 as `require_site` does."""
    now = gateway.zones.stamp()
    zone = gateway.zones.get(site, now)
    if zone is None:
        zone = await gateway.ask_together(("zone", site), lambda stores: _zone(stores, site))
        gateway.zones.put(site, zone, now)
    return zone


def _zone(stores: Stores, site: str) -> ZoneInfo:
    """Raises a 404 as `require_site` does."""
    if not is_site(stores, site):
        raise Problem(404, f"there is no site {site!r}")
    return stores.registered().zone(site)


def is_site(stores: Stores, site: str) -> bool:
    """Whether it is registered, or has sent an event, by now."""
    registered = stores.registered()
    return registered.site(site) is not None or bool(registered.devices(site)) or site in seen_sites(stores)


def seen_sites(stores: Stores) -> set[str]:
    return {one.site for one in _sources(lambda: stores.view("health"), None, None) if one.is_device}


def _sources(view: Callable[[], Connection], site: str | None, now: datetime | None) -> Iterable[DeviceHealth]:
    """Before the first event is folded there is none."""
    try:
        return health.sources(view(), site, now)
    except NoView:
        return []


def _known(entry: DeviceEntry, seen: DeviceHealth | None) -> KnownDevice:
    kinds = tuple(dict.fromkeys((*entry.kinds, *(seen.kinds if seen else ()))))
    return KnownDevice(
        entry.site,
        entry.device,
        entry.name,
        kinds,
        seen or _silent(entry),
        is_registered=True,
        is_retired=entry.is_retired,
        expects=entry.expects,
        silent_after_s=entry.silent_after_s,
    )


def _unregistered(registered: Registered, seen: DeviceHealth) -> KnownDevice:
    retired = registered.is_retired(seen.site, seen.device)
    return KnownDevice(seen.site, seen.device, seen.device, seen.kinds, seen, is_retired=retired)


def _silent(entry: DeviceEntry) -> DeviceHealth:
    return DeviceHealth(
        site=entry.site,
        device=entry.device,
        is_device=True,
        kinds=entry.kinds,
        status=NOT_STARTED,
        reason="nothing was ever received from it",
        last_event=None,
        last_frame=None,
        last_received=None,
        time_since_last_frame_seconds=None,
        stream_info=None,
        is_recording=False,
        total_reconnects=0,
        consecutive_failures=0,
        last_connection_attempt=None,
        last_successful_connection=None,
        current_segment_start=None,
    )
