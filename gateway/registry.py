"""The sites and devices that are configured: what exists, by name, whatever the journal has seen of it."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from consumers.hub_config import DeviceInfo, SiteInfo

UTC_ZONE = ZoneInfo("UTC")


class Registry:
    def __init__(self, sites: Iterable[SiteInfo]) -> None:
        self._sites = {site.site: site for site in sites}
        self._devices = {(site.site, device.device): device for site in self for device in site.devices}
        self._zones = {site.site: ZoneInfo(site.time_zone) for site in self}

    def __iter__(self) -> Iterator[SiteInfo]:
        return iter(self._sites.values())

    def site(self, site: str) -> SiteInfo | None:
        return self._sites.get(site)

    def device(self, site: str, device: str) -> DeviceInfo | None:
        return self._devices.get((site, device))

    def zone(self, site: str) -> ZoneInfo:
        """A site that only its events know is shown in UTC."""
        return self._zones.get(site, UTC_ZONE)
