"""A data directory whose journal has several days, each with minutes of a site, as a hub that ran on would have it."""

from datetime import timedelta
from pathlib import Path

from bus_schemas.event import Event
from consumers.store.journal.days import list_days
from tests.builders import START, numbered
from tests.data_directory import NOTHING, Reported, minutes, write

DAY = timedelta(days=1)


def days(count: int, length: int = 1) -> list[Reported]:
    """The same minutes of each day, in streams that go on from day to day."""
    reported = [minutes(length, start=START + number * DAY) for number in range(count)]
    whole = [(received, event) for one in reported for received, event in one.events]
    streams: list[Event] = numbered([event for _, event in whole])
    for one in reported:
        mine, streams = streams[: len(one.events)], streams[len(one.events) :]
        one.events = [(event.time, event) for event in mine]
    return reported


def write_days(data: Path, count: int, length: int = 1) -> list[Reported]:
    reported = days(count, length)
    for one in reported:
        write(data, one.events, one.payloads, NOTHING)
    return reported


def dates(data: Path) -> list[str]:
    return [day.date.isoformat() for day in list_days(data / "journal")]
