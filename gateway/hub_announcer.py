"""Publishes the condition of the hub in a retained message, for programs that only subscribe."""

import time
from collections.abc import Callable

from bus_schemas.condition import Condition
from bus_schemas.hub import MAX_FAULTS
from bus_schemas.protocol import REPORT_AGAIN_S, REPORT_EXPIRES_S, HubReport
from bus_schemas.topics import HUB_CONDITION
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.messages.bus import BusRefuses, BusUnreachable
from gateway.readiness import BROKER
from gateway.reading.conditions import condition_of_parts, hub_condition
from producer.mqtt import expiring_after

Said = tuple[int, Condition, tuple[str, ...]]
"""The connection on which it was said, and what."""


class HubAnnouncer:
    """Says it on every connection, when it changes, and again after a while. The gateway says it, because the checks of
    its parts stand nowhere else; while there is no gateway the broker drops it.
    """

    def __init__(self, gateway: Gateway, seconds: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._seconds = seconds
        self._said: Said | None = None
        self._again_at = 0.0
        self._refused_on: int | None = None

    async def announce(self) -> None:
        """As the last checks found it. A broker that did not work then does now, so the next round publishes to it."""
        bus = self._gateway.bus
        connection = bus.connections
        is_stale = any(one.part == BROKER and one.state == "failed" for one in self._gateway.readiness.checks)
        if not bus.is_connected or is_stale or connection == self._refused_on:
            return
        said = (connection, await self._condition(), self._problems())
        if said == self._said and self._seconds() < self._again_at:
            return
        report = HubReport(condition=said[1], problems=said[2], as_of=self._gateway.clock())
        try:
            await bus.publish(HUB_CONDITION, report.to_bytes(), expiring_after(REPORT_EXPIRES_S), retain=True)
        except BusRefuses:
            # An access list of a release before: the log has it, once a connection.
            self._refused_on = connection
        except BusUnreachable:
            self._said = None
        else:
            self._said, self._again_at = said, self._seconds() + REPORT_AGAIN_S

    async def _condition(self) -> Condition:
        checks = self._gateway.readiness.checks
        try:
            return await self._gateway.ask_at(None, lambda moment: hub_condition(moment, checks))
        except Problem:
            return condition_of_parts(checks)

    def _problems(self) -> tuple[str, ...]:
        return tuple(one.public for one in self._gateway.readiness.troubles())[:MAX_FAULTS]
