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
    """A device that is registered, or was heard of, or both. `expects` is `None` where nobody has said it; `health` is
    what it said of itself.
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
    def is_heard(self) -> bool:
        return self.health.last_received is not None

    @property
    def is_online(self) -> bool:
        return self.is_heard and "offline" not in self.condition.types

    @property
    def is_recording(self) -> bool:
        return self.is_online and self.health.is_recording

    @property
    def status(self) -> Status:
        return status_of(self.condition, self.health.status if self.is_heard else None)

    @property
    def reason(self) -> str | None:
        return reason_of(self.condition, self.health.reason)


def all_devices(moment: StoresAsOf, site: str | None = None) -> list[KnownDevice]:
    """Those with which most is wrong first, and of these the newest; else the registered ones in their order, then
    those that only their events know. Those that are retired too.
    """
    now = conditions_at(moment, site)
    return sorted((_judged(one, now) for one in _known_devices(moment, site)), key=_urgency)


def _judged(one: KnownDevice, now: Mapping[DeviceKey, DeviceCondition]) -> KnownDevice:
    """Of a device that was never heard nothing good is known."""
    found = now.get((one.site, one.device), UNKNOWN)
    return replace(one, condition=found if found.types or one.is_heard else UNKNOWN)


def _urgency(one: KnownDevice) -> tuple[int, float]:
    severity = SEVERITY[one.condition.condition]
    return -severity, -one.condition.since if one.condition.types else 0.0


def _known_devices(moment: StoresAsOf, site: str | None) -> list[KnownDevice]:
    heard = {(one.site, one.device): one for one in _heard(moment.health, site, moment.now)}
    registered = moment.registered()
    entries = registered.devices(site)
    known = [_known(entry, heard.pop((entry.site, entry.device), None)) for entry in entries]
    return known + [_heard_only(registered, one) for one in heard.values() if one.is_device]


def watched_devices(moment: StoresAsOf, site: str | None = None) -> list[KnownDevice]:
    """As `all_devices`, without those that are retired."""
    return [one for one in all_devices(moment, site) if not one.is_retired]


def one_device(moment: StoresAsOf, site: str, device: str) -> KnownDevice:
    """Raises a 404 for a device that is neither registered nor heard of."""
    registered = moment.registered()
    entry = registered.device(site, device)
    try:
        heard = health.device(moment.health(), site, device, moment.now)
    except NoView:
        heard = None
    if entry is not None:
        known = _known(entry, heard)
    elif heard is not None and heard.is_device:
        known = _heard_only(registered, heard)
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
    """Raises a 404 for a site, and for the first of these devices, that is neither registered nor heard of."""

    def question(moment: StoresAsOf) -> None:
        if not is_site(moment.stores, site):
            raise Problem(404, f"there is no site {site!r}")
        for device in devices:
            if moment.registered().device(site, device) is None:
                one_device(moment, site, device)

    await gateway.ask_at(None, question)


async def require_site(gateway: Gateway, site: str) -> None:
    """Raises a 404 for a site that is neither registered nor heard of."""
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
    """Whether it is registered or heard of now."""
    registered = stores.registered()
    return registered.site(site) is not None or bool(registered.devices(site)) or site in heard_sites(stores)


def heard_sites(stores: Stores) -> set[str]:
    return {one.site for one in _heard(lambda: stores.view("health"), None, None) if one.is_device}


def _heard(view: Callable[[], Connection], site: str | None, now: datetime | None) -> Iterable[DeviceHealth]:
    """Before the first event was folded nobody was heard."""
    try:
        return health.sources(view(), site, now)
    except NoView:
        return []


def _known(entry: DeviceEntry, heard: DeviceHealth | None) -> KnownDevice:
    kinds = tuple(dict.fromkeys((*entry.kinds, *(heard.kinds if heard else ()))))
    return KnownDevice(
        entry.site,
        entry.device,
        entry.name,
        kinds,
        heard or _silent(entry),
        is_registered=True,
        is_retired=entry.is_retired,
        expects=entry.expects,
        silent_after_s=entry.silent_after_s,
    )


def _heard_only(registered: Registered, heard: DeviceHealth) -> KnownDevice:
    retired = registered.is_retired(heard.site, heard.device)
    return KnownDevice(heard.site, heard.device, heard.device, heard.kinds, heard, is_retired=retired)


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
