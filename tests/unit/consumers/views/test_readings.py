"""What devices measure besides pictures and heat, and how closely a temperature follows it."""

from pathlib import Path

import pytest

from bus_schemas.reading import ReadingEvent
from consumers.views.correlation import FEWEST_PAIRS, Correlation, FoundCorrelation, correlate
from consumers.views.readings import ReadingsProjection, SeriesName, readings, series_of
from consumers.views.temperatures import Point
from tests.builders import at, make, reading
from tests.following import Followed

LOAD = SeriesName("feeder", "load", "A")


def test_each_name_and_unit_of_a_device_is_a_series_of_its_minutes(tmp_path: Path) -> None:
    both = ({"name": "load", "value": 10.0, "unit": "%"}, {"name": "oil", "value": -3.5})
    with Followed(ReadingsProjection(), tmp_path) as followed:
        followed.take(*(reading(at(second), 100.0 + second, device="feeder") for second in (0, 10, 50, 130)))
        followed.take(make(ReadingEvent, at(60), {"measurements": both}, {"device": "tank"}))
        followed.take(reading(at(20), 400.0, device="feeder"))
        listed = series_of(followed.view, "DEMO")
        minutes = readings(followed.view, "DEMO", LOAD, at(0), at(180))
        both_minutes = readings(followed.view, "DEMO", LOAD, at(0), at(120), 120)
        oil = readings(followed.view, "DEMO", SeriesName("tank", "oil", ""), at(0), at(180))

    assert listed == [LOAD, SeriesName("tank", "load", "%"), SeriesName("tank", "oil", "")]
    assert [(one.low, one.high, one.mean) for one in minutes] == [(100.0, 400.0, 190.0), (230.0, 230.0, 230.0)]
    assert both_minutes == [Point(int(at(0).timestamp()), 100.0, 400.0, 190.0)]
    assert [one.mean for one in oil] == [-3.5]


def series(values: list[float | None], begin: int = 0) -> list[Point]:
    return [Point(60 * (begin + n), one, one, one) for n, one in enumerate(values) if one is not None]


RISING: list[float | None] = [float(n) for n in range(20)]
WAVE: list[float | None] = [float(n % 7 * (n % 3)) for n in range(60)]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (series([2 * n + 5.0 for n in range(20)]), Correlation(1.0, 20)),
        (series([-float(n) for n in range(20)]), Correlation(-1.0, 20)),
        (series([5.0] * 20), None),
        (series([float(n) for n in range(FEWEST_PAIRS - 1)]), None),
        (series([float(n) for n in range(20)], begin=100), None),
        ([], None),
    ],
)
def test_a_coefficient_is_of_the_minutes_in_which_both_were_measured(
    second: list[Point], expected: Correlation | None
) -> None:
    assert correlate(series(RISING), second).at_once == expected


def test_a_minute_that_is_missing_in_one_of_both_is_no_pair() -> None:
    holes = [None if n in (3, 9) else float(n) for n in range(20)]

    assert correlate(series(holes), series(RISING)).at_once == Correlation(1.0, 18)


def test_a_delay_is_found_and_none_that_leaves_less_than_half_of_the_pairs() -> None:
    follows = correlate(series(WAVE), series(WAVE, begin=9))

    assert follows.closest == Correlation(1.0, 60, 9)
    assert correlate(series(RISING), series(RISING)) == FoundCorrelation(Correlation(1.0, 20), Correlation(1.0, 20))


def test_a_series_that_ended_is_listed_for_a_month(tmp_path: Path) -> None:
    def measured(second: float, name: str) -> ReadingEvent:
        return make(ReadingEvent, at(second), {"measurements": ({"name": name, "value": 1.0, "unit": "A"},)}, {})

    with Followed(ReadingsProjection(), tmp_path) as followed:
        followed.take(measured(0, "before"), measured(30 * 86_400, "after"))
        at_first = [one.name for one in series_of(followed.view, "DEMO")]
        followed.take(measured(32 * 86_400, "after"))

        assert at_first == ["after", "before"]
        assert [one.name for one in series_of(followed.view, "DEMO")] == ["after"]
