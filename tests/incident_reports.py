"""What alerting reports of incidents."""

from bus_schemas.alert import IncidentEvent
from tests.following import Followed


def reported(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each event that was emitted."""
    data = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(each.device, each.type, each.state) for each in data]
