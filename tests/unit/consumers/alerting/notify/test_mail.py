"""Alerts by e-mail: what people read, and servers that refuse, hang or cannot be trusted."""

import asyncio
import socket
import ssl
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from bus_schemas.event import HUB
from consumers.alerting.notify.delivery import AlertDelivery, AlertMessage, DeliveryOutcome, DeliveryVerdict
from consumers.alerting.notify.mail import MailNotifier
from consumers.alerting.notify.message import body_of, message_of
from consumers.alerting.notify.notifiers import NOTIFIERS, notifier_sink
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import HubConfig, MailDelivery, MailSecurity
from consumers.hub_config import MailServer as Server
from consumers.views.registry import RegistryProjection
from mosquitto.authority import ensure_certificate
from tests.builders import START, alert, registry
from tests.eventually import eventually
from tests.following import Followed, hub_in
from tests.mail_server import MailServer
from tests.memory_journal import MemoryJournal
from tests.receivers import Receiver, dripping, hanging

TIMEOUT_S = 3.0
NAME = "localhost"


def to(
    port: int,
    security: MailSecurity = "none",
    user: str | None = None,
    authority: Path | None = None,
    page: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> MailDelivery:
    server = Server(NAME, port, security, user, "secret", authority, timeout_s)
    return MailDelivery("guards", server, "hub@example.org", "anna@example.org", page)


def one(state: str = "raised") -> AlertMessage:
    return AlertMessage("event-1", body_of(alert(START, state, id="event-1")))


def send(delivery: MailDelivery, message: AlertMessage | None = None, data: Path = Path("/nowhere")) -> DeliveryOutcome:
    async def once() -> DeliveryOutcome:
        notifier = MailNotifier(delivery, data)
        await notifier.open()
        try:
            return await notifier.send(message or one())
        finally:
            await notifier.close()

    return asyncio.run(once())


def many(count: int) -> AlertMessage:
    events = [alert(START, id=f"event-{number}") for number in range(count)]
    return message_of(
        [
            AlertDelivery(
                number, event.id, f"a-{number}", "DEMO", "CAM", event.data.type, "raised", "error", body_of(event), 0.0
            )
            for number, event in enumerate(events)
        ]
    )


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    folder = tmp_path / "authority"
    ensure_certificate(folder, {NAME}, datetime.now(UTC))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    return context, folder / "ca.crt"


def test_a_mail_says_what_where_how_bad_and_when() -> None:
    with MailServer() as server:
        assert send(to(server.port, page="https://hub.example")).verdict is DeliveryVerdict.TAKEN

    (mail,) = server.mails
    text = mail.get_content()
    event = alert(START)
    assert mail["Subject"] == f"[{event.data.level.upper()}] {event.data.message}"
    assert (mail["From"], mail["To"]) == ("hub@example.org", "anna@example.org")
    assert text.startswith(event.data.message)
    for said in (event.data.site, event.data.device, event.data.level, "2026-01-05 10:00:00 UTC"):
        assert said in text
    assert f"https://hub.example/alerts?site={event.data.site}" in text


def test_site_and_time_are_those_that_people_there_know(tmp_path: Path) -> None:
    with Followed(RegistryProjection(), tmp_path) as followed, MailServer() as server:
        followed.take(registry(START, device=None, name="The plant", time_zone="Asia/Kathmandu"))
        for message in (one(), many(2)):
            assert send(to(server.port), message, tmp_path).verdict is DeliveryVerdict.TAKEN

    single, grouped = (mail.get_content() for mail in server.mails)
    assert "The plant (DEMO)" in single
    assert "2026-01-05 15:45:00 +0545" in single
    assert grouped.count("2026-01-05 15:45:00 +0545  The plant, ") == 2


def test_raise_and_clear_are_one_thread_and_the_same_alert_is_the_same_mail() -> None:
    with MailServer() as server:
        for message in (one(), one(), AlertMessage("event-2", one("cleared").body)):
            assert send(to(server.port), message).verdict is DeliveryVerdict.TAKEN

    first, again, cleared = server.mails
    assert first["Message-ID"] == again["Message-ID"] == "<event-1@example.org>"
    assert cleared["Message-ID"] == "<event-2@example.org>"
    assert first["References"] == cleared["References"]
    assert cleared["Subject"].startswith("[CLEARED] ")


def test_names_of_people_cannot_add_headers_and_arrive_as_they_were_written() -> None:
    event = alert(START)
    said = "Kühlraum 東\r\nBcc: other@example.org shows a black screen\n.\nmore"
    body = body_of(event.model_copy(update={"data": event.data.model_copy(update={"message": said})}))
    with MailServer() as server:
        assert send(to(server.port), AlertMessage("event-1", body)).verdict is DeliveryVerdict.TAKEN

    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert server.recipients == ["anna@example.org"]
    assert mail["Subject"].endswith("Kühlraum 東 Bcc: other@example.org shows a black screen . more")
    assert mail.get_content().replace("\r\n", "\n").startswith(said.replace("\r\n", "\n"))


def test_what_concerns_the_hub_is_said_of_no_site_and_device() -> None:
    event = alert(START, site=HUB, device=HUB)
    with MailServer() as server:
        send(to(server.port, page="https://hub.example"), AlertMessage("event-1", body_of(event)))

    (mail,) = server.mails
    assert HUB not in mail.get_content()
    assert mail.get_content().strip().endswith("https://hub.example/alerts")


def test_many_alerts_are_one_mail_with_a_list() -> None:
    with MailServer() as server:
        assert send(to(server.port), many(120)).verdict is DeliveryVerdict.TAKEN

    (mail,) = server.mails
    assert mail.get_content().count("2026-01-05 10:00:00 UTC") == 100
    assert "… and 20 more" in mail.get_content()


@pytest.mark.parametrize(
    ("command", "answer", "verdict", "why"),
    [
        ("CONNECT", "421 busy", DeliveryVerdict.FAILED, "not ready (code 421)"),
        ("CONNECT", None, DeliveryVerdict.FAILED, "the connection broke"),
        ("MAIL", "550 who", DeliveryVerdict.REFUSED, "the sender (code 550)"),
        ("MAIL", "552 big", DeliveryVerdict.TOO_LARGE, "too large"),
        ("RCPT", "550 nobody", DeliveryVerdict.REFUSED, "the recipient (code 550)"),
        ("RCPT", "450 grey", DeliveryVerdict.FAILED, "the recipient (code 450)"),
        ("DATA", "554 no", DeliveryVerdict.REFUSED, "the mail (code 554)"),
        ("END", "451 later", DeliveryVerdict.FAILED, "the mail (code 451)"),
        ("END", None, DeliveryVerdict.FAILED, "the connection broke"),
        ("QUIT", "500 what", DeliveryVerdict.TAKEN, ""),
        ("QUIT", None, DeliveryVerdict.TAKEN, ""),
    ],
)
def test_a_refusal_says_what_was_refused(command: str, answer: str | None, verdict: DeliveryVerdict, why: str) -> None:
    with MailServer({command: answer}) as server:
        outcome = send(to(server.port))

    assert outcome.verdict is verdict
    assert why in outcome.reason
    assert "@" not in outcome.reason


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_user_and_password_are_only_said_encrypted_to_a_trusted_server(
    security: MailSecurity, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    context, authority = certificate
    with MailServer(context=context, is_encrypted=security == "tls") as server:
        trusted = send(to(server.port, security, "hub", authority))
        stranger = send(to(server.port, security, "hub"))

    assert trusted.verdict is DeliveryVerdict.TAKEN
    assert stranger == DeliveryOutcome(
        DeliveryVerdict.UNREACHABLE, "its certificate is not one that this machine trusts for that name"
    )
    assert [line for line in server.commands if line.startswith("AUTH")] == ["AUTH PLAIN AGh1YgBzZWNyZXQ="]
    assert len(server.mails) == 1


def test_a_server_without_starttls_gets_neither_mail_nor_password() -> None:
    with MailServer() as server:
        outcome = send(to(server.port, "starttls", "hub"))

    assert outcome == DeliveryOutcome(DeliveryVerdict.FAILED, "it offers no STARTTLS")
    assert not any(line.startswith(("AUTH", "MAIL")) for line in server.commands)


def test_a_wrong_password_keeps_the_alerts_until_somebody_corrects_it(
    certificate: tuple[ssl.SSLContext, Path],
) -> None:
    context, authority = certificate
    with MailServer({"AUTH": "535 no"}, context) as server:
        outcome = send(to(server.port, "starttls", "hub", authority))

    assert outcome == DeliveryOutcome(DeliveryVerdict.FAILED, "it does not accept the user and password (code 535)")


@pytest.mark.parametrize("behaviour", [hanging(b"220 "), dripping(b"220-" + b"x" * 10_000)], ids=["hangs", "drips"])
@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_hangs_or_drips_costs_one_timeout_and_no_thread(
    behaviour: object, security: MailSecurity
) -> None:
    with Receiver(behaviour, reads=False) as receiver:  # type: ignore[arg-type]  # a parameter of two kinds
        began = monotonic()
        outcome = send(to(receiver.port, security, timeout_s=0.5))

    assert outcome.verdict is DeliveryVerdict.UNREACHABLE
    assert monotonic() - began < TIMEOUT_S


def test_a_hub_that_stops_does_not_wait_for_a_server_that_takes_no_connection(tmp_path: Path) -> None:
    async def stopped_after_s(port: int) -> float:
        notifier = MailNotifier(to(port, timeout_s=20.0), tmp_path)
        before = _unanswered(port)
        sending = asyncio.create_task(notifier.send(one()))
        await asyncio.to_thread(eventually, lambda: _unanswered(port) > before)
        sending.cancel()
        began = monotonic()
        await notifier.close()
        eventually(lambda: not _threads())
        return monotonic() - began

    with socket.socket() as deaf, ExitStack() as queue:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):
            waiting = queue.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(deaf.getsockname())
        assert asyncio.run(stopped_after_s(deaf.getsockname()[1])) < TIMEOUT_S


def _unanswered(port: int) -> int:
    """Connections to a port that nobody has taken yet."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(remote.endswith(f":{port:04X}") and state == "02" for _, _, remote, state, *_ in rows)


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("mail")]


def test_nobody_at_the_address_is_no_fault_of_the_mail() -> None:
    outcome = send(to(1))

    assert outcome == DeliveryOutcome(DeliveryVerdict.UNREACHABLE, "nothing listens at its address")


def test_the_sink_of_alerts_mails_to_each_recipient(tmp_path: Path) -> None:
    assert len(NOTIFIERS) == 2
    with MailServer() as server:
        journal = MemoryJournal()
        sink = notifier_sink(HubConfig(tmp_path, hub_in(tmp_path).archive, mails=(to(server.port),)))
        deliverer = Deliverer(sink, ConsumerContext(tmp_path, journal, lambda: datetime.now(UTC)))
        try:
            deliverer.advance()
            journal.append(alert(START))
            deliverer.advance()
            deliverer.idle()
            eventually(lambda: server.mails)
        finally:
            deliverer.close()
