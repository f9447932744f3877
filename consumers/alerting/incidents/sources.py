"""Names the incidents that only one kind of source of a device can show and end, and forgets removed sources."""

from collections.abc import Collection, Mapping
from typing import Final

from bus_schemas.alert import IncidentType
from bus_schemas.registry import Kind
from bus_schemas.thermal import SENSOR_FAULTS
from consumers.alerting.incidents.detectors import FrameWindow
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.heat import Heat
from consumers.alerting.incidents.missing_sound import MissingSound
from consumers.alerting.incidents.trends import TREND_FAULTS, Trends
from consumers.engine.frame_faults import FRAME_FAULTS

OF_SOURCE: Final[Mapping[Kind, tuple[IncidentType, ...]]] = {
    "visual": FRAME_FAULTS,
    "thermal": ("hot_spot", *TREND_FAULTS, *SENSOR_FAULTS),
}


def forget_sources(watched: Watched, kinds: Collection[Kind]) -> list[IncidentType]:
    """Forget what sources showed that a device does not have any more. Returns what is open of it; where nobody says
    what it has, it may have anything.
    """
    gone = [kind for kind in OF_SOURCE if kinds and kind not in kinds]
    if "visual" in gone:
        watched.frames, watched.missing_sound = FrameWindow(), MissingSound()
    if "thermal" in gone:
        watched.heat, watched.trends = Heat(), Trends()
    return [of for kind in gone for of in OF_SOURCE[kind] if of in watched.open]
