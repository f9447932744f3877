"""Somebody has a device record for a while, whatever its mode."""

from datetime import UTC, datetime, timedelta

from bus_schemas.recording_settings import RecordingSettings
from edge.capture.recording_control import RecordingControl

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_request_is_not_cut_short_by_one_that_ends_sooner() -> None:
    control = RecordingControl(RecordingSettings(mode="off"))

    first = control.record_now(NOON, 300)
    second = control.record_now(NOON + MINUTE, 10)

    assert (first, second) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE)
    assert control.decide(NOON + 4 * MINUTE).records
    assert not control.decide(NOON + 5 * MINUTE).records


def test_a_later_request_goes_on_with_the_one_before() -> None:
    control = RecordingControl(RecordingSettings(mode="off"))
    control.record_now(NOON, 60)

    assert control.record_now(NOON + MINUTE / 2, 60) == NOON + 1.5 * MINUTE
    assert control.decide(NOON).records
    assert control.decide(NOON + 1.25 * MINUTE).records


def test_a_request_after_the_clock_was_set_back_is_of_its_own_time() -> None:
    control = RecordingControl(RecordingSettings(mode="off"))
    control.record_now(NOON, 300)

    assert control.record_now(NOON - 60 * MINUTE, 10) == NOON - 60 * MINUTE + timedelta(seconds=10)
    assert not control.decide(NOON - 30 * MINUTE).records
