"""Sends alerts by e-mail: at least once, recognisable by their ids, each within a bounded time."""

import asyncio
import smtplib
import socket
import sqlite3
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from consumers.alerting.notify.delivery import AlertMessage, DeliveryOutcome, DeliveryVerdict
from consumers.alerting.notify.mail_text import mail_of
from consumers.alerting.notify.smtp_session import NoEncryption, SmtpSession
from consumers.engine.view_files import NoView
from consumers.hub_config import MailDelivery
from consumers.site_registry import Registered
from consumers.views.registry import registered

_TOO_LARGE = 552


class MailNotifier:
    """One recipient. Each mail has a connection of its own: alerts are rare, and servers close those that wait."""

    def __init__(self, delivery: MailDelivery, data: Path) -> None:
        self._delivery = delivery
        self._data = data
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")
        """A name server that does not answer holds this thread alone, and no other receiver."""
        self._session: SmtpSession | None = None

    @property
    def receiver(self) -> str:
        return self._delivery.name

    async def open(self) -> None:
        """A connection is opened for each mail."""

    async def send(self, message: AlertMessage) -> DeliveryOutcome:
        timeout_s = self._delivery.server.timeout_s
        session = self._session = SmtpSession(self._delivery.server)
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._deliver, session, message)
        except TimeoutError:
            return DeliveryOutcome(DeliveryVerdict.UNREACHABLE, f"it did not take the mail within {timeout_s:g} s")
        except (smtplib.SMTPException, OSError) as error:
            return outcome_of(error)
        finally:
            session.cut_off()
        return DeliveryOutcome(DeliveryVerdict.TAKEN)

    def _deliver(self, session: SmtpSession, message: AlertMessage) -> None:
        """Called by the thread."""
        one = self._delivery
        mail = mail_of(message, one, _places(self._data), datetime.now(UTC))
        session.deliver(one.sender, one.recipient, mail.as_bytes())

    async def close(self) -> None:
        if self._session is not None:
            self._session.cut_off()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _places(data: Path) -> Registered:
    """Sites with their names and time zones; none where the view is being folded: an alert does not wait for that."""
    try:
        return registered(data)
    except (NoView, sqlite3.Error):
        return Registered({})


def outcome_of(error: smtplib.SMTPException | OSError) -> DeliveryOutcome:
    """The outcome that an error stands for, with a sentence that names no address: what a server says may hold some."""
    match error:
        case smtplib.SMTPAuthenticationError():
            # Whoever corrects it gets the alerts: the mail is not at fault.
            reason = f"it does not accept the user and password (code {error.smtp_code})"
            return DeliveryOutcome(DeliveryVerdict.FAILED, reason)
        case smtplib.SMTPRecipientsRefused():
            return _by_code("it does not accept the recipient", next(iter(error.recipients.values()))[0])
        case smtplib.SMTPSenderRefused():
            return _by_code("it does not accept the sender", error.smtp_code)
        case smtplib.SMTPDataError():
            return _by_code("it does not accept the mail", error.smtp_code)
        case smtplib.SMTPException():
            return DeliveryOutcome(DeliveryVerdict.FAILED, _why_failed(error))
        case _:
            return DeliveryOutcome(DeliveryVerdict.UNREACHABLE, _why_unreachable(error))


def _by_code(what: str, code: int) -> DeliveryOutcome:
    """A code of 5xx says the same again, one of 4xx may be over later."""
    if code == _TOO_LARGE:
        return DeliveryOutcome(DeliveryVerdict.TOO_LARGE, f"{what}: it is too large (code {code})")
    verdict = DeliveryVerdict.REFUSED if code >= 500 else DeliveryVerdict.FAILED
    return DeliveryOutcome(verdict, f"{what} (code {code})")


def _why_failed(error: smtplib.SMTPException) -> str:
    match error:
        case smtplib.SMTPResponseException():
            return f"it is not ready (code {error.smtp_code})"
        case NoEncryption():
            return "it offers no STARTTLS"
        case smtplib.SMTPNotSupportedError():
            return "it offers no way to sign in that is known here"
        case _:
            return "the connection broke, or it does not speak SMTP"


def _why_unreachable(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "its certificate is not one that this machine trusts for that name"
        case ssl.SSLError():
            return "it does not speak TLS as this machine does"
        case socket.gaierror():
            return "its name is not known to the name server"
        case ConnectionRefusedError():
            return "nothing listens at its address"
        case FileNotFoundError() | PermissionError():
            return "the file of its authority cannot be read"
        case _:
            return "its address cannot be reached, or the connection broke"
