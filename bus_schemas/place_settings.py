"""Where a device is, as far as it has to know: the clock that its hours go by."""

from pydantic import Field

from bus_schemas.registry import ZoneName
from bus_schemas.setting_types import Section


class PlaceSettings(Section):
    """What the hub says of the site of a device, so that both go by the same clock."""

    time_zone: ZoneName | None = Field(
        default=None,
        description="IANA zone of its site, by which its hours and captions go; none is that of its configuration.",
    )
