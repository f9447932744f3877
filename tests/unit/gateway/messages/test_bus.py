"""The connection to the broker ends when it is told to, whatever the broker does."""

import asyncio
from typing import Self, cast

from aiomqtt import MqttError

from gateway.messages.bus import AnswerCheckingClient, Bus


class Unanswered:
    """A client whose goodbye no broker answers: the cancellation becomes an error of the connection."""

    def __init__(self, begun: asyncio.Event) -> None:
        self.begun = begun

    async def __aenter__(self) -> Self:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise MqttError("Operation timed out") from None
        return self

    async def __aexit__(self, *_: object) -> None: ...


def test_a_goodbye_that_nobody_answers_ends_the_connection_too() -> None:
    async def cancelled() -> tuple[int, bool]:
        clients: list[Unanswered] = []
        begun = asyncio.Event()

        def connect() -> AnswerCheckingClient:
            clients.append(Unanswered(begun))
            return cast(AnswerCheckingClient, clients[-1])

        task = asyncio.create_task(Bus(connect).run())
        await begun.wait()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=30)
        for left in {task} - done:
            left.cancel()
        return len(clients), task in done

    assert asyncio.run(cancelled()) == (1, True)
