"""The connection to the broker ends when it is told to, whatever the broker does."""

import asyncio
from typing import Self, cast

import structlog.testing
from aiomqtt import MqttError

from gateway.messages.bus import AnswerCheckingClient, Bus, client_of
from mosquitto.launcher import free_port
from producer.broker import BrokerAddress
from tests.eventually import eventually


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


def test_the_log_says_in_words_why_the_broker_is_lost() -> None:
    async def lost(address: BrokerAddress) -> list[str]:
        with structlog.testing.capture_logs() as logs:
            task = asyncio.create_task(Bus(lambda: client_of(address)).run())
            await asyncio.to_thread(eventually, lambda: logs, 30)
            task.cancel()
            await asyncio.wait({task})
        return [str(entry.get("reason")) for entry in logs]

    said = asyncio.run(lost(BrokerAddress("127.0.0.1", free_port())))

    assert said[0] == "nothing listens there (connection refused)"


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
