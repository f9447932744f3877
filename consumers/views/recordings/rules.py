"""The recording settings of each device: how long its clips are."""

import sqlite3
from typing import Final

from bus_schemas.node import SettingsEvent
from bus_schemas.settings import RecordingSettings, read_sections
from consumers.store.journal.record import DeviceKey, Recorded

DEFAULT: Final = RecordingSettings()


class RecordingRules:
    """The rules of the view, where each change is written at once: settings are rare."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._known = {
            (site, device): RecordingSettings.model_validate_json(rule)
            for site, device, rule in view.execute("select site, device, rule from rules")
        }

    def of(self, where: DeviceKey) -> RecordingSettings:
        return self._known.get(where, DEFAULT)

    def learn(self, record: Recorded) -> None:
        """A section that does not fit changes nothing."""
        assert isinstance(record.event, SettingsEvent)
        rule = read_sections(record.event.data.settings).known.get("recording")
        if rule is not None:
            self._known[record.where] = rule
            row = (*record.where, record.position, rule.model_dump_json())
            self._view.execute("insert or replace into rules values (?, ?, ?, ?)", row)
