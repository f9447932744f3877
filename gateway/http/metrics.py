"""Counters and gauges for Prometheus, in a registry of this application, so that two can live in one process."""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bus_schemas.condition import Condition
from gateway.http.device_metrics import CONDITIONS, DeviceMetrics

OPERATION = "watchpost.operation"
"""Where a scope says the name of the operation that answers it."""
ENDLESS = ("/live/", "/api/v1/live")


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "watchpost_http_requests_total", "Requests answered.", ["operation", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "watchpost_http_request_seconds",
            "Time until the answer was sent, streams excepted.",
            ["operation"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
            registry=self.registry,
        )
        self.devices = DeviceMetrics(self.registry)
        self.head = self._gauge("watchpost_journal_head", "The last position of the journal.")
        self.lag = self._gauge("watchpost_consumer_lag", "Positions that a consumer has not folded yet.", "consumer")
        self.set_aside = self._gauge(
            "watchpost_consumer_set_aside_total", "Events that a consumer could not take.", "consumer"
        )
        self.stopped = self._gauge("watchpost_consumer_stopped", "1 while a consumer takes nothing.", "consumer")
        self.faults = self._gauge(
            "watchpost_hub_fault", "1 for each part of the hub that limps, 2 for one that fails.", "part", "kind"
        )
        self._condition = self._gauge(
            "watchpost_hub_condition", "1 for the condition that the hub is in, 0 for the others.", "condition"
        )
        self.ready = self._gauge("watchpost_ready", "1 while /ready is answered with 200.")
        self.rejected = self._gauge("watchpost_rejected_messages", "Messages that were not events.")
        self.watermark = self._gauge("watchpost_stream_watermark", "Highest durable sequence.", "source")
        self.known_streams = self._gauge("watchpost_known_streams", "Streams that the journal holds.")
        self.streams = self._gauge("watchpost_streams", "Open streams to browsers.", "kind")
        self.broker = self._gauge("watchpost_broker_connected", "1 while the gateway is connected to the broker.")

    def consumer(self, name: str, lag: int, set_aside: int, *, is_stopped: bool) -> None:
        self.lag.labels(name).set(lag)
        self.set_aside.labels(name).set(set_aside)
        self.stopped.labels(name).set(is_stopped)

    def set_condition(self, found: Condition) -> None:
        for condition in CONDITIONS:
            self._condition.labels(condition).set(condition == found)

    def set_hub(self, checks: Iterable[tuple[str, str, str]], condition: Condition) -> None:
        """Part, kind and state of each; what is over is not there any more."""
        self.set_condition(condition)
        self.faults.clear()
        ready = True
        for part, kind, state in checks:
            if state != "ok":
                self.faults.labels(part, kind).set(2 if state == "failed" else 1)
            ready = ready and state != "failed"
        self.ready.set(ready)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


class MetricsMiddleware:
    """Counts and times requests by the operation that answered them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = "500"

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            name = scope.get(OPERATION, "page")
            self._metrics.requests.labels(name, status).inc()
            if not scope["path"].startswith(ENDLESS):
                self._metrics.seconds.labels(name).observe(time.perf_counter() - started)
