"""What many ask for at once is made once, and whoever asks for much waits for themselves."""

import asyncio
import threading

import pytest

from gateway.http.asker import ASKER
from gateway.http.problems import Problem
from gateway.serving import shared_work
from gateway.serving.shared_work import SharedWork


def test_many_who_ask_for_the_same_cost_one_drawing() -> None:
    drawn: list[str] = []

    def draw(name: str) -> str:
        drawn.append(threading.current_thread().name)
        return f"picture {name}"

    async def ask() -> list[str]:
        work = SharedWork()
        ASKER.set("192.0.2.7")
        made = await asyncio.gather(*(_of(work, number) for number in range(40)))
        work.close()
        return made

    async def _of(work: SharedWork, number: int) -> str:
        ASKER.set(f"192.0.2.{number}")
        return await work.drawn("one", lambda: work.in_thread(draw, "one"))

    assert asyncio.run(ask()) == ["picture one"] * 40
    assert len(drawn) == 1


def test_what_failed_is_tried_anew_by_the_next_who_asks() -> None:
    async def ask() -> int:
        work = SharedWork()

        async def fail() -> int:
            raise Problem(404, "it is gone")

        async def succeed() -> int:
            return 7

        with pytest.raises(Problem, match="gone"):
            await work.drawn("one", fail)
        return await work.drawn("one", succeed)

    assert asyncio.run(ask()) == 7


def test_a_slow_answer_is_made_alone_and_a_client_that_asks_for_many_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_work, "SLOW_WAITING", 2)
    working, most = 0, 0

    async def ask() -> list[object]:
        nonlocal working, most
        work = SharedWork()
        release = asyncio.Event()

        async def slow() -> str:
            nonlocal working, most
            working += 1
            most = max(most, working)
            await release.wait()
            working -= 1
            return "done"

        async def of(asker: str, number: int) -> str:
            ASKER.set(asker)
            return await work.slow((asker, number), slow)

        greedy = [asyncio.create_task(of("192.0.2.7", number)) for number in range(5)]
        polite = asyncio.create_task(of("192.0.2.8", 0))
        for _ in range(5):  # Until each of them has its turn, waits for it, or is refused.
            await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*greedy, polite, return_exceptions=True)

    answers = asyncio.run(ask())

    assert most == 1
    assert [one for one in answers if one == "done"] == ["done"] * 4
    assert [one.status for one in answers if isinstance(one, Problem)] == [429, 429]
    assert answers[-1] == "done"
