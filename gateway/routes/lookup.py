"""What many routes ask first: is there such a site or device, and how is it now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from consumers.engine.view_files import NoView
from consumers.hub_config import DeviceInfo
from consumers.views.health import questions as health
from consumers.views.health.questions import DeviceHealth
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.moments import Moment
from gateway.reading.stores import Stores

NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that is configured, or was heard of, or both."""

    site: str
    device: str
    name: str
    kinds: tuple[str, ...]
    health: DeviceHealth


def all_devices(gateway: Gateway, moment: Moment, site: str | None = None) -> list[KnownDevice]:
    """First the configured ones in their order, then those that only their events know."""
    heard = {(one.site, one.device): one for one in _heard(moment.health, site, moment.now)}
    configured = [
        (one.site, device) for one in gateway.registry for device in one.devices if site is None or one.site == site
    ]
    known = [_known(of, heard.pop((of, device.device), None), device) for of, device in configured]
    return known + [_known(one.site, one, None) for one in heard.values()]


def one_device(gateway: Gateway, moment: Moment, site: str, device: str) -> KnownDevice:
    """Raises a 404 for a device that is neither configured nor heard of."""
    configured = gateway.registry.device(site, device)
    try:
        heard = health.device(moment.health(), site, device, moment.now)
    except NoView:
        heard = None
    if configured is None and heard is None:
        raise Problem(404, f"there is no device {device!r} in site {site!r}")
    return _known(site, heard, configured)


async def require_device(gateway: Gateway, site: str, device: str, as_of: datetime | None = None) -> None:
    """Raises a 404 as `one_device` does, without asking the view where the configuration knows."""
    if gateway.registry.device(site, device) is None:
        await gateway.ask_at(as_of, lambda moment: one_device(gateway, moment, site, device))


async def require_site(gateway: Gateway, site: str) -> None:
    """Raises a 404 for a site that is neither configured nor heard of."""
    if gateway.registry.site(site) is None and site not in await gateway.ask(heard_sites):
        raise Problem(404, f"there is no site {site!r}")


def heard_sites(stores: Stores) -> set[str]:
    return {one.site for one in _heard(lambda: stores.view("health"), None, None)}


def _heard(view: Callable[[], Connection], site: str | None, now: datetime | None) -> Iterable[DeviceHealth]:
    """Before the first event was folded nobody was heard."""
    try:
        return health.devices(view(), site, now)
    except NoView:
        return []


def _known(site: str, heard: DeviceHealth | None, configured: DeviceInfo | None) -> KnownDevice:
    if configured is None:
        assert heard is not None
        return KnownDevice(site, heard.device, heard.device, heard.kinds, heard)
    kinds = tuple(dict.fromkeys((*configured.kinds, *(heard.kinds if heard else ()))))
    return KnownDevice(
        site, configured.device, configured.name, kinds, heard or _silent(site, configured.device, configured.kinds)
    )


def _silent(site: str, device: str, kinds: tuple[str, ...]) -> DeviceHealth:
    return DeviceHealth(
        site=site,
        device=device,
        kinds=kinds,
        online=False,
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
