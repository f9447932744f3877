"""Frames of a thermal sensor, and their analysis."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bus_schemas.event import Event
from bus_schemas.settings import AdjustableSettings
from edge.agent.event_factory import EventFactory
from edge.agent.previews import Previews
from edge.agent.settings import RatesSettings
from edge.analysis.thermometry import ThermalAnalysis, captions
from edge.capture.sources.source import ThermalFrame
from producer.ids import Ids, utc_now

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def watch(
    shown: list[str] | None = None, rates: RatesSettings | None = None, previews: Previews | None = None
) -> ThermalAnalysis:
    event_factory = EventFactory("YARD", "SENSOR", Ids(utc_now))
    kinds = shown if shown is not None else []
    caption = captions(lambda: "Yard", lambda: ZoneInfo("Europe/Berlin"))
    return ThermalAnalysis(
        event_factory,
        rates or RatesSettings(),
        AdjustableSettings(),
        caption,
        previews or Previews(lambda kind, *_: kinds.append(kind)),
        lambda: None,
    )


def frame(seconds: float, hottest: float = 30.0) -> ThermalFrame:
    temperatures = np.full((24, 32), 20.0, np.float32) + np.random.default_rng(round(seconds * 8)).normal(
        0, 0.1, (24, 32)
    )
    temperatures[10:13, 10:13] = hottest
    return ThermalFrame(NOON + timedelta(seconds=seconds), 1, temperatures.astype(np.float32))


def emitted(watched: ThermalAnalysis, *frames: ThermalFrame) -> list[Event]:
    return [draft.event for given in frames for draft in watched.analyse(given)]


def spiked(seconds: float, *pixels: tuple[int, int], hottest: float = 110.0) -> ThermalFrame:
    """A cool frame in which these pixels, row and column, are hot."""
    cool = frame(seconds, hottest=20.0)
    for pixel in pixels:
        cool.temperatures[pixel] = hottest
    return cool
