"""Answers which settings of a device were in force at each moment of a time range."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bus_schemas.event import iso
from bus_schemas.settings import AdjustableSettings, read_sections
from consumers.engine.view_files import NoView
from consumers.views import settings
from gateway.http.parameters import OfDevice
from gateway.reading.stores import Stores

MOST_CHANGES: Final = 200


class TooManyChanges(ValueError):
    """The settings were changed more often than is read at once. The message says how often."""


@dataclass(frozen=True, slots=True)
class SettingsHistory:
    """Each of `settings` is in force from its time on; before all of them the defaults are."""

    times: Sequence[datetime] = ()
    settings: Sequence[AdjustableSettings] = ()

    def at(self, time: datetime) -> AdjustableSettings:
        count = bisect_right(self.times, time)
        return self.settings[count - 1] if count else AdjustableSettings()


def settings_between(stores: Stores, asked: OfDevice, start: datetime, end: datetime) -> SettingsHistory:
    """By the times at which they changed: what an agent has said late counts from then. Raises `TooManyChanges`."""
    try:
        view = stores.view(settings.SettingsProjection.name)
    except NoView:
        return SettingsHistory()
    where = asked.site, asked.device
    found = settings.changed_between(view, *where, iso(start), iso(end), MOST_CHANGES + 1)
    if len(found) > MOST_CHANGES:
        raise TooManyChanges(f"the settings of {asked.device} were changed {MOST_CHANGES} times and more in this time")
    return SettingsHistory(
        [datetime.fromisoformat(time) for time, _ in found],
        [
            read_sections(settings.settings(view, *where, position)).applied_to(AdjustableSettings())
            for _, position in found
        ],
    )
