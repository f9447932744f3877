"""Receivers that lie, hang or drip, each beside a good one, which must not notice."""

import asyncio
import base64
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import pytest

from consumers.alerting.notify.address import InvalidAddress
from consumers.alerting.notify.delivery import AlertMessage, DeliveryOutcome, DeliveryVerdict
from consumers.alerting.notify.sink import NotifierSink
from consumers.alerting.notify.webhook import WebhookNotifier, address_of, outcome_of
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.runner import ConsumerProcess
from consumers.hub_config import Webhook
from consumers.hub_faults import FaultReporter
from producer.backoff import Backoff
from tests.builders import START, alert
from tests.eventually import eventually
from tests.following import hub_in
from tests.least import least
from tests.memory_journal import MemoryJournal
from tests.receivers import (
    Behaviour,
    Receiver,
    answering,
    dripping,
    endless,
    hanging,
    resetting,
    saying,
)

TIMEOUT_S = 3.0
"""A busy machine takes a second for what takes milliseconds; only those that hang take this long."""
DEADLINE_S = 11.0
MANY_HEADERS = (
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(10_000)) + b"\r\n"
)
TAKES: Behaviour = answering(204)


class Faults:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}

    def raise_fault(self, part: str, kind: str, reason: str) -> None:
        self.open[part] = reason

    def clear_fault(self, part: str, kind: str) -> None:
        self.open.pop(part, None)


class Hub:
    """A journal of alerts, and a sink that hands them to the receivers of a test."""

    def __init__(self, data: Path, *webhooks: Webhook) -> None:
        self.journal = MemoryJournal()
        self.faults = Faults()
        self._data = data
        sink = NotifierSink([WebhookNotifier(webhook) for webhook in webhooks], lambda: datetime.now(UTC))
        sink.faults = self.faults
        self.deliverer = Deliverer(sink, ConsumerContext(data, self.journal, lambda: datetime.now(UTC)))
        self.turn()

    def turn(self) -> None:
        self.deliverer.advance()
        self.deliverer.idle()

    def alert(self, id: str, of: str = "device_offline", state: str = "raised") -> None:
        event = alert(START, state, id=id, of=of)
        self.journal.append(event.model_copy(update={"data": event.data.model_copy(update={"alert_id": f"a-{id}"})}))
        self.turn()

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._data / "views" / "webhook.sqlite")) as state:
            return state.execute(query).fetchall()


@contextmanager
def hub(data: Path, *webhooks: Webhook) -> Iterator[Hub]:
    made = Hub(data, *webhooks)
    try:
        yield made
    finally:
        made.deliverer.close()


def send(url: str, body: bytes = b"{}") -> DeliveryOutcome:
    async def once() -> DeliveryOutcome:
        notifier = WebhookNotifier(Webhook(url, TIMEOUT_S, "pager"))
        await notifier.open()
        try:
            return await notifier.send(AlertMessage("event-1", body))
        finally:
            await notifier.close()

    return asyncio.run(once())


LIES: dict[str, tuple[Behaviour, DeliveryVerdict]] = {
    "garbage": (saying(b"\x00\xff not a protocol at all\r\n\r\n"), DeliveryVerdict.FAILED),
    "redirect": (answering(302, "Location: http://127.0.0.1:1/internal"), DeliveryVerdict.REFUSED),
    "401": (answering(401), DeliveryVerdict.REFUSED),
    "413": (answering(413), DeliveryVerdict.TOO_LARGE),
    "429": (answering(429, "Retry-After: 7"), DeliveryVerdict.FAILED),
    "500": (answering(500, body="sorry"), DeliveryVerdict.FAILED),
    "hang before the answer": (hanging(), DeliveryVerdict.UNREACHABLE),
    "hang in the headers": (hanging(b"HTTP/1.1 200 OK\r\nX-Slow: "), DeliveryVerdict.UNREACHABLE),
    "drip": (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DeliveryVerdict.UNREACHABLE),
    "endless body": (endless, DeliveryVerdict.TAKEN),
    "body that never comes": (hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), DeliveryVerdict.TAKEN),
    "endless header": (saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5_000_000), DeliveryVerdict.FAILED),
    "10,000 headers": (saying(MANY_HEADERS), DeliveryVerdict.FAILED),
    "reset": (resetting, DeliveryVerdict.FAILED),
    "TLS instead of HTTP": (saying(b"\x15\x03\x01\x00\x02\x02\x28"), DeliveryVerdict.FAILED),
    "no answer": (saying(b""), DeliveryVerdict.FAILED),
}


@pytest.mark.parametrize("name", LIES)
def test_a_receiver_that_lies_costs_its_own_post_within_its_deadline(name: str) -> None:
    behaviour, verdict = LIES[name]
    with Receiver(behaviour) as receiver:
        started = monotonic()
        outcome = send(receiver.url)
        took = monotonic() - started

    assert outcome.verdict is verdict
    assert took < DEADLINE_S
    assert len(receiver.requests) == 1
    assert (outcome.reason == "") is (verdict is DeliveryVerdict.TAKEN)
    assert str(receiver.port) not in outcome.reason


def test_a_receiver_that_closes_at_once_costs_its_own_post() -> None:
    with Receiver(resetting, reads=False) as receiver:
        assert send(receiver.url).verdict in {DeliveryVerdict.FAILED, DeliveryVerdict.UNREACHABLE}


def test_tls_on_a_plain_port_and_a_name_that_nobody_knows_are_said_without_the_address() -> None:
    with Receiver(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False) as receiver:
        no_tls = send(f"https://127.0.0.1:{receiver.port}/secret")
    unknown = send("http://secret.invalid/hook")
    nobody = send("http://127.0.0.1:1/secret")

    assert no_tls.reason == "it does not speak TLS as this machine does"
    assert nobody.reason == "nothing listens at its address"
    assert {no_tls.verdict, unknown.verdict, nobody.verdict} == {DeliveryVerdict.UNREACHABLE}
    assert "secret" not in f"{no_tls}{unknown}{nobody}"


def test_a_redirect_is_never_followed() -> None:
    with Receiver(TAKES) as internal, Receiver(answering(307, f"Location: {internal.url}")) as receiver:
        outcome = send(receiver.url)

    assert internal.requests == []
    assert outcome.verdict is DeliveryVerdict.REFUSED
    assert "redirects" in outcome.reason


def test_a_name_and_password_in_the_address_are_sent_as_such_and_shown_nowhere() -> None:
    with Receiver(TAKES) as receiver:
        outcome = send(receiver.url.replace("http://", "http://ada:pass%20word@"))

    ((headers, _),) = receiver.requests
    assert outcome.verdict is DeliveryVerdict.TAKEN
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"ada:pass word"
    assert headers["idempotency-key"] == "event-1"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "host/path",
        "",
        "http://",
        "http://ho st/",
        "http://host/a b",
        "http://host:port/",
        "http://[::1/",
        "http://host/\x00",
        "https://:80/",
    ],
)
def test_an_address_that_cannot_be_posted_to_is_refused_in_a_sentence_that_does_not_repeat_it(address: str) -> None:
    with pytest.raises(InvalidAddress) as error:
        address_of(address)
    outcome = send(address)

    assert str(error.value).startswith("the address of the receiver ")
    assert outcome == DeliveryOutcome(DeliveryVerdict.REFUSED, str(error.value))


def test_the_end_of_a_line_behind_an_address_is_no_part_of_it() -> None:
    assert str(address_of("https://example.org/hook\n")) == "https://example.org/hook"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("999999999", 3600.0),
        ("9" * 5000, 3600.0),
        ("Mon, 05 Jan 2026 10:01:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_a_wait_that_is_asked_for_is_bounded(header: str | None, seconds: float | None) -> None:
    assert outcome_of(429, header, datetime(2026, 1, 5, 10, tzinfo=UTC)).wait_s == seconds


@pytest.mark.parametrize(
    "lie", ["garbage", "redirect", "hang before the answer", "drip", "500", "10,000 headers", "reset"]
)
def test_a_good_receiver_gets_every_alert_beside_one_that_lies(
    tmp_path: Path, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.alerting.notify.queue.SECONDS_PER_POST", 0.1)
    with Receiver(LIES[lie][0]) as bad, Receiver(TAKES) as good:
        webhooks = (Webhook(bad.url, TIMEOUT_S, "bad"), Webhook(good.url, TIMEOUT_S, "good"))
        with hub(tmp_path, *webhooks) as made:
            made.alert("one")
            eventually(lambda: good.reported() == ["one"], 15)
            made.alert("two", of="freeze")
            eventually(lambda: good.reported() == ["one", "two"], 15)
            eventually(lambda: made.ask("select 1 from receiver where name = 'bad' and last_error is not null"))


def test_receivers_whose_name_server_hangs_stop_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, look_up = threading.Event(), socket.getaddrinfo

    def hang(host: str | bytes, *given: Any, **named: Any) -> Any:
        if "hangs" in str(host):
            answered.wait(60)
        return look_up(host, *given, **named)

    monkeypatch.setattr("socket.getaddrinfo", hang)
    bad = [Webhook(f"http://hangs-{number}.invalid/", TIMEOUT_S, f"bad-{number}") for number in range(40)]
    with Receiver(TAKES) as good:
        named = good.url.replace("127.0.0.1", "localhost")
        with hub(tmp_path, *bad, Webhook(named, TIMEOUT_S, "good")) as made:
            made.alert("one")
            eventually(lambda: good.reported() == ["one"], 20)
            answered.set()


def test_an_address_with_a_space_stops_nobody_else(tmp_path: Path) -> None:
    bad = Webhook("http://ho st/", TIMEOUT_S, "bad")
    with Receiver(TAKES) as good, hub(tmp_path, bad, Webhook(good.url, TIMEOUT_S, "good")) as made:
        made.alert("one")
        eventually(lambda: good.reported() == ["one"], 15)


def test_whatever_a_notifier_raises_costs_the_delivery_and_not_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver(TAKES) as good, hub(tmp_path, Webhook(good.url, TIMEOUT_S, "good")) as made:
        with monkeypatch.context() as patched:
            patched.setattr("consumers.alerting.notify.webhook.address_of", _bug)
            made.alert("one")
            eventually(lambda: made.ask("select last_error from receiver") == [("the hub failed on it (KeyError)",)])
        made.alert("two", of="freeze")
        eventually(lambda: good.reported() == ["two"], 30)


def _bug(_: str) -> None:
    raise KeyError("http://secret/")


def test_what_waits_outlives_a_restart(tmp_path: Path) -> None:
    with Receiver(TAKES) as receiver:
        with hub(tmp_path, Webhook("http://127.0.0.1:1/", TIMEOUT_S, "pager")) as made:
            journal = made.journal
            made.alert("one")
            eventually(lambda: made.ask("select attempts from delivery") == [(1,)])
            made.deliverer.close()
            with closing(sqlite3.connect(tmp_path / "views" / "webhook.sqlite")) as state, state:
                state.execute("update delivery set due = 0")
        with hub(tmp_path, Webhook(receiver.url, TIMEOUT_S, "pager")) as again:
            again.journal = journal
            eventually(lambda: receiver.reported() == ["one"])


def test_three_refusals_are_a_fault_until_something_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.alerting.notify.queue.RETRY", Backoff(0.05, 3600.0))
    monkeypatch.setattr("consumers.alerting.notify.queue.SECONDS_PER_POST", 0.05)
    with Receiver(answering(401)) as receiver, hub(tmp_path, Webhook(receiver.url, TIMEOUT_S, "pager")) as made:
        made.alert("one")
        eventually(
            lambda: made.faults.open == {"receiver-pager": "Alerts do not reach pager: it answered with status 401"}
        )
        receiver.behaviour = TAKES
        made.alert("two")
        eventually(lambda: not made.faults.open)

    assert receiver.reported() == ["one"] * 3 + ["two"]


def test_a_queue_that_cannot_be_opened_is_said_to_whoever_runs_the_sink_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver(TAKES) as receiver, hub(tmp_path, Webhook(receiver.url, TIMEOUT_S, "pager")) as made:
        made.deliverer.sink.close()
        with monkeypatch.context() as patched:
            patched.setattr("consumers.alerting.notify.sender.view_files.connect", _full)
            with pytest.raises(OSError, match="No space left"):
                eventually(made.deliverer.idle)
        made.alert("one")
        eventually(lambda: receiver.reported() == ["one"])


def _full(_: Path) -> sqlite3.Connection:
    raise OSError(28, "No space left on device")


def test_the_process_of_the_sink_reports_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.alerting.notify.queue.RETRY", Backoff(0.05, 3600.0))
    monkeypatch.setattr("consumers.alerting.notify.queue.SECONDS_PER_POST", 0.05)
    journal, faults, stopping = MemoryJournal(), FaultReporter("consumers", None), threading.Event()
    with Receiver(answering(401)) as receiver:
        sink = NotifierSink([WebhookNotifier(Webhook(receiver.url, TIMEOUT_S, "pager"))], lambda: datetime.now(UTC))
        process = ConsumerProcess(hub_in(tmp_path), None, lambda: journal, faults=faults)
        thread = threading.Thread(target=process.run, args=([sink], stopping))
        thread.start()
        eventually(lambda: (tmp_path / "views" / "webhook.sqlite").exists())
        journal.append(alert())
        [fault] = eventually(lambda: faults.faults)
        stopping.set()
        thread.join(30)

    assert (fault.part, fault.kind) == ("receiver-pager", "write_failed")
    assert fault.reason == "Alerts do not reach pager: it answered with status 401"


def test_a_receiver_that_is_away_is_a_fault_after_three_tries_until_all_is_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.alerting.notify.queue.RETRY", Backoff(0.05, 3600.0))
    monkeypatch.setattr("consumers.alerting.notify.queue.SECONDS_PER_POST", 0.05)
    with Receiver(answering(503)) as receiver, hub(tmp_path, Webhook(receiver.url, TIMEOUT_S, "pager")) as made:
        made.alert("one")
        eventually(
            lambda: made.faults.open == {"receiver-pager": "Alerts do not reach pager: it answered with status 503"}
        )
        assert len(receiver.requests) >= 3
        receiver.behaviour = TAKES
        eventually(lambda: not made.faults.open)


def test_an_alert_is_commonly_with_its_receiver_within_50_ms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.alerting.notify.queue.SECONDS_PER_POST", 0.0)
    monkeypatch.setattr("consumers.alerting.notify.grouping.BUSY_POSTS", 10_000)
    with Receiver(TAKES) as receiver, hub(tmp_path, Webhook(receiver.url, TIMEOUT_S, "pager")) as made:
        made.alert("first")
        eventually(lambda: receiver.requests)

        def to_receiver() -> float:
            number, started = len(receiver.requests), monotonic()
            made.alert(str(number))
            eventually(lambda: len(receiver.requests) > number)
            return monotonic() - started

        assert least(lambda: median(to_receiver() for _ in range(50)), 0.05) <= 0.05


def test_an_acknowledgement_is_not_posted_and_without_a_receiver_nothing_waits(tmp_path: Path) -> None:
    with hub(tmp_path) as made:
        made.alert("one")
        assert made.ask("select count(*) from delivery") == [(0,)]
    with Receiver(TAKES) as receiver, hub(tmp_path / "other", Webhook(receiver.url, TIMEOUT_S)) as made:
        made.alert("one", state="acknowledged")
        made.alert("two")
        eventually(lambda: receiver.reported() == ["two"])


def test_the_address_shows_nowhere() -> None:
    assert "secret" not in repr(Webhook("https://example.org/secret"))
