"""Says in the registry which sites and devices an agent has."""

from typing import Any

from bus_schemas.event import GATEWAY, device_source
from bus_schemas.registry import RegistryChange, RegistryEvent
from consumers.ingest.registry import ConfiguredDevice, ConfiguredSite
from consumers.site_registry import Registered
from gateway.context import Gateway
from gateway.messages.ids import uuid7
from gateway.publishing import publish


async def register(gateway: Gateway, sites: tuple[ConfiguredSite, ...], by: str) -> None:
    """Sites that nobody knows, and devices. The name of a site that is known stays. Raises `Problem`."""
    registered = await gateway.ask(lambda stores: stores.registered())
    for site in sites:
        if registered.site(site.site) is None:
            await _change(gateway, site.site, None, by, {"name": site.name, "time_zone": site.time_zone})
        for device in site.devices:
            if (fields := _new_fields(registered, site.site, device)) is not None:
                await _change(gateway, site.site, device.device, by, fields)


async def retire(gateway: Gateway, device: str, by: str | None) -> None:
    """`device` as `SITE/DEVICE`. Raises `Problem`."""
    site, _, name = device.partition("/")
    registered = await gateway.ask(lambda stores: stores.registered())
    if not registered.is_retired(site, name):
        await _change(gateway, site, name, by or "agents", {"retired": True})


def _new_fields(registered: Registered, site: str, device: ConfiguredDevice) -> dict[str, Any] | None:
    """`None` where it stands so already."""
    known = registered.device(site, device.device)
    expects = "frames" if "visual" in device.kinds else "readings"
    wanted = {"name": device.name, "kinds": device.kinds, "expects": expects, "retired": False}
    if known is None:
        return wanted
    is_same = (known.kinds, known.expects, known.is_retired) == (device.kinds, expects, False)
    return None if is_same else {name: value for name, value in wanted.items() if name != "name"}


async def _change(gateway: Gateway, site: str, device: str | None, by: str, fields: dict[str, Any]) -> None:
    request_id = uuid7()
    said = {"site": site, "device": device, "origin": "page", "by": by, "request_id": request_id, "retired": False}
    data = RegistryChange.model_validate({**said, **fields})
    event = RegistryEvent(id=request_id, source=device_source(site, GATEWAY), time=gateway.clock(), data=data)
    await publish(gateway, event)
