"""Event time follows the machine's clock where that is right, and says where it was set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.clock import DisciplinedClock, WallClockStep

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NEW_YEAR_1970 = datetime(1970, 1, 1, tzinfo=UTC)


class Machine:
    """A computer with a clock of its own, a clock that counts since the boot, and one that stands in its sleep."""

    def __init__(self, shows: datetime = NOON) -> None:
        self.shows = shows
        self.boottime = 100.0
        self.monotonic = 100.0
        self.held_up_s = 0.0

    def run(self, seconds: float, drift_ppm: float = 0.0) -> None:
        """`drift_ppm` is how much faster the time of day goes than the count since the boot."""
        self.boottime += seconds
        self.monotonic += seconds
        self.shows += timedelta(seconds=seconds * (1 + drift_ppm / 1e6))

    def sleep(self, seconds: float) -> None:
        self.boottime += seconds
        self.shows += timedelta(seconds=seconds)

    def is_set(self, seconds: float) -> None:
        self.shows += timedelta(seconds=seconds)

    def wall(self) -> datetime:
        self.run(self.held_up_s)
        return self.shows

    def clock(self) -> DisciplinedClock:
        return DisciplinedClock(self.wall, lambda: self.boottime)


def after(machine: Machine, clock: DisciplinedClock, *seconds: float) -> list[datetime]:
    times = []
    for one in seconds:
        machine.run(one)
        times.append(clock())
    return times


def test_a_clock_that_nobody_sets_shows_the_time() -> None:
    machine = Machine()
    clock = machine.clock()

    assert after(machine, clock, 1, 0.001, 3600) == [
        NOON + timedelta(seconds=1),
        NOON + timedelta(seconds=1.001),
        NOON + timedelta(seconds=3601.001),
    ]
    assert clock.take_steps() == []


@pytest.mark.parametrize("hours", [1, -1])
def test_a_step_is_taken_over_at_once_and_told_once(hours: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(10)
    machine.is_set(hours * 3600)
    first, second = after(machine, clock, 5, 1)

    assert first == NOON + timedelta(hours=hours, seconds=15)
    assert second == first + timedelta(seconds=1)
    assert clock.take_steps() == [WallClockStep(NOON, NOON + timedelta(seconds=15), first)]
    assert clock.take_steps() == []


def test_a_machine_that_knows_no_time_is_set_once_it_finds_a_server() -> None:
    machine = Machine(NEW_YEAR_1970 + timedelta(seconds=12))
    clock = machine.clock()
    [before] = after(machine, clock, 20)
    machine.is_set((NOON - machine.shows).total_seconds())
    [since] = after(machine, clock, 1)
    [step] = clock.take_steps()

    assert (before, since) == (NEW_YEAR_1970 + timedelta(seconds=32), NOON + timedelta(seconds=1))
    assert step.since == NEW_YEAR_1970 + timedelta(seconds=12)
    assert step.before + timedelta(seconds=step.seconds) == since


def test_a_machine_that_starts_where_it_was_switched_off_is_told_how_far_it_was_behind() -> None:
    machine = Machine(NOON - timedelta(days=3))
    clock = machine.clock()
    after(machine, clock, 40)
    machine.is_set(3 * 86400)
    after(machine, clock, 1)

    assert [step.seconds for step in clock.take_steps()] == [3 * 86400]


def test_each_step_says_since_when_its_times_were_shown() -> None:
    machine = Machine()
    clock = machine.clock()
    for seconds in (3600, -1800):
        machine.is_set(seconds)
        after(machine, clock, 1)
    first, second = clock.take_steps()

    assert (first.since, second.since) == (NOON, first.after)
    assert (first.seconds, second.seconds) == (3600, -1800)


@pytest.mark.thorough
@pytest.mark.parametrize("ppm", [200, -200])
def test_slow_drift_is_followed_and_no_event(ppm: float) -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(86400):
        machine.run(1, ppm)
        now = clock()
        assert abs(now - machine.shows) < timedelta(milliseconds=1)

    assert clock.take_steps() == []


@pytest.mark.parametrize("seconds", [0.4, -0.4])
def test_a_small_difference_is_made_up_for_without_going_back(seconds: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.is_set(seconds)
    times = after(machine, clock, *[0.1] * 400)

    assert times == sorted(times)
    assert abs(times[0] - machine.shows + timedelta(seconds=39.9)).total_seconds() == pytest.approx(0.399, abs=1e-5)
    assert times[-1] == machine.shows
    assert clock.take_steps() == []


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 5, 23, 59, 59, 900_000, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 59, 59, 900_000, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 59, 59, 900_000, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 59, 59, 900_000, tzinfo=UTC),
    ],
    ids=["midnight", "summer time begins", "summer time ends", "the hour that is there twice is over"],
)
def test_nothing_happens_where_local_clocks_change(moment: datetime) -> None:
    machine = Machine(moment)
    clock = machine.clock()

    assert after(machine, clock, 0.1, 0.1) == [moment + timedelta(seconds=0.1), moment + timedelta(seconds=0.2)]
    assert clock.take_steps() == []


def test_a_clock_that_is_set_over_midnight_is_a_step_like_any_other() -> None:
    machine = Machine(datetime(2026, 1, 5, 23, 59, 50, tzinfo=UTC))
    clock = machine.clock()
    machine.is_set(20)
    [now] = after(machine, clock, 1)

    assert now == datetime(2026, 1, 6, 0, 0, 11, tzinfo=UTC)
    assert [step.seconds for step in clock.take_steps()] == [20]


def test_a_machine_that_slept_was_not_set() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.sleep(8 * 3600)

    assert after(machine, clock, 1) == [NOON + timedelta(hours=8, seconds=1)]
    assert clock.take_steps() == []


def test_where_the_count_stands_in_sleep_waking_up_is_told_as_a_step() -> None:
    machine = Machine()
    clock = DisciplinedClock(machine.wall, lambda: machine.monotonic)
    machine.sleep(8 * 3600)

    assert after(machine, clock, 1) == [NOON + timedelta(hours=8, seconds=1)]
    assert [step.seconds for step in clock.take_steps()] == [8 * 3600]


def test_a_process_that_is_held_up_between_two_readings_sees_no_step() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.held_up_s = 4.0
    after(machine, clock, 1, 1)
    machine.held_up_s = 0.0

    assert after(machine, clock, 1) == [machine.shows]
    assert clock.take_steps() == []


def test_a_process_that_is_held_up_at_its_start_begins_at_the_right_time() -> None:
    machine = Machine()
    held_up = iter([4.0, 0.0, 0.0])

    def wall() -> datetime:
        machine.run(next(held_up))
        return machine.shows

    clock = DisciplinedClock(wall, lambda: machine.boottime)

    assert clock() == machine.shows
    assert clock.take_steps() == []


@pytest.mark.parametrize("shows", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2250, 1, 1, tzinfo=UTC)])
def test_a_time_that_no_event_can_bear_is_not_taken_over(shows: datetime) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.shows = shows

    assert after(machine, clock, 1) == [NOON + timedelta(seconds=1)]
    assert clock.take_steps() == []
    assert DisciplinedClock(lambda: shows, lambda: 0.0)().year in (1970, 2199)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(-1000, 1000), st.sampled_from([0.0, 0.0, 0.1, -0.3, 0.49, -7.0, 3600.0]))
    )
)
def test_between_steps_time_never_goes_back_and_steps_explain_the_rest(moves: list[tuple[float, float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    for seconds, ppm, is_set in moves:
        machine.run(seconds, ppm)
        machine.is_set(is_set)
        now = clock()
        steps = clock.take_steps()
        assert steps or now >= before
        assert all(step.after == now == machine.shows for step in steps)
        assert abs(now - machine.shows) <= timedelta(seconds=0.5)
        before = now
