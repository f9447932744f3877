"""Where a device is, as far as it has to know: the clock that its hours go by, and what people call it."""

from pydantic import Field

from bus_schemas.registry import DisplayName, ZoneName
from bus_schemas.setting_types import Section


class PlaceSettings(Section):
    """What the hub says of a device and its site, so that all go by the same clock and the same names."""

    time_zone: ZoneName | None = Field(
        default=None,
        description="IANA zone of its site, by which its hours and captions go; none is that of its configuration.",
    )
    site_name: DisplayName | None = Field(
        default=None, description="Its site, in the captions of its pictures; none is that of its configuration."
    )
    device_name: DisplayName | None = Field(
        default=None, description="Itself, in the captions of its snapshots; none is that of its configuration."
    )
