"""Of several agents with one identity one stays, whatever comes late or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.protocol import Claim
from edge.agent.identity.contest import Contest
from edge.agent.identity.instance import Instance

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def instance(name: str, since: datetime = NOON) -> Instance:
    return Instance(name, "yard", f"host-{name}", 1, since, "boot")


def established(name: str, since: datetime = NOON) -> Contest:
    contest = Contest(instance(name, since))
    contest.asked(0.0)
    contest.poll(2.0)
    assert contest.established
    return contest


def test_who_is_not_answered_within_two_seconds_is_exclusive() -> None:
    contest = Contest(instance("a"))
    contest.poll(100.0)
    before_asking = contest.established
    contest.asked(100.0)
    contest.poll(101.9)
    too_early = contest.established
    contest.poll(102.0)

    assert (before_asking, too_early, contest.established) == (False, False, True)


def test_an_answer_that_never_came_because_the_connection_was_lost_is_no_silence() -> None:
    contest = Contest(instance("a"))
    contest.asked(0.0)
    contest.disconnected()
    contest.poll(10.0)

    assert not contest.established


def test_the_newcomer_makes_way_though_its_clock_is_behind() -> None:
    here, newcomer = established("b", LATER), Contest(instance("a", NOON))
    answer = here.receive(newcomer.ask())
    assert answer is not None
    newcomer.asked(0.0)
    newcomer.receive(answer)
    newcomer.poll(10.0)

    assert (here.lost_to, newcomer.lost_to) == (None, answer)
    assert not newcomer.established
    assert "host-b" in str(newcomer.lost_to)


def test_after_a_partition_the_one_that_began_first_stays() -> None:
    first, second = established("b", NOON), established("a", LATER)

    assert first.receive(second.ask()) is not None
    assert second.receive(first.ask()) is None
    assert (first.lost_to, second.lost_to is None) == (None, False)


def test_nobody_is_its_own_rival() -> None:
    contest = established("a")

    assert contest.receive(contest.ask()) is None
    assert contest.lost_to is None


def test_an_answer_is_not_answered() -> None:
    here = established("a", NOON)

    assert here.receive(instance("b", LATER).claim(established=True)) is None


class Meeting:
    """Agents whose messages come late, in any order, or never; one that has lost says nothing more."""

    def __init__(self, begun: list[datetime]) -> None:
        self.agents = [Contest(instance(name, since)) for name, since in zip("abc", begun, strict=True)]
        self._on_the_way: list[tuple[int, Claim]] = []

    def ask(self, number: int, _which: int = 0) -> None:
        if self.agents[number].lost_to is None:
            self._say(number, self.agents[number].ask())

    def establish(self, number: int, _which: int) -> None:
        self.agents[number].asked(0.0)
        self.agents[number].poll(2.0)

    def deliver(self, _number: int, which: int) -> None:
        for to, claim in self._taken(which):
            if self.agents[to].lost_to is None:
                self._say(to, self.agents[to].receive(claim))

    def lose(self, _number: int, which: int) -> None:
        self._taken(which)

    def _taken(self, which: int) -> list[tuple[int, Claim]]:
        return [self._on_the_way.pop(which % len(self._on_the_way))] if self._on_the_way else []

    def _say(self, number: int, claim: Claim | None) -> None:
        if claim is not None:
            self._on_the_way.extend((other, claim) for other in range(3) if other != number)

    def settle(self) -> None:
        for number in range(3):
            self.ask(number)
        while self._on_the_way:
            self.deliver(0, 0)

    @property
    def left(self) -> int:
        return [agent.lost_to for agent in self.agents].count(None)


MOVES = st.lists(
    st.tuples(
        st.sampled_from([Meeting.ask, Meeting.establish, Meeting.deliver, Meeting.lose]),
        st.integers(0, 2),
        st.integers(0, 5),
    )
)


@given(MOVES, st.lists(st.sampled_from([NOON, LATER]), min_size=3, max_size=3))
def test_never_do_all_make_way_and_at_last_one_is_left(
    moves: list[tuple[Callable[[Meeting, int, int], None], int, int]], begun: list[datetime]
) -> None:
    meeting = Meeting(begun)
    for move, number, which in moves:
        move(meeting, number, which)
        assert meeting.left >= 1

    meeting.settle()
    assert meeting.left == 1
