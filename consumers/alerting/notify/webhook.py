"""Posts alerts to addresses of the web: at least once, recognisable by their ids, each within a bounded time."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from consumers.alerting.notify.address import InvalidAddress, valid_address
from consumers.alerting.notify.delivery import AlertMessage, DeliveryOutcome, DeliveryVerdict
from consumers.hub_config import Webhook

LONGEST_WAIT_S = 3600.0
_TRY_AGAIN = {408, 421, 425, 429}


def address_of(text: str) -> httpx.URL:
    """Raises `InvalidAddress`."""
    try:
        return httpx.URL(valid_address(text))
    except httpx.InvalidURL:
        raise InvalidAddress("the address of the receiver is no address of the web") from None


class WebhookNotifier:
    """One receiver. Redirects are not followed, and of the answer nothing counts but its status."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook
        self._opened: httpx.AsyncClient | None = None

    @property
    def receiver(self) -> str:
        return self._webhook.name

    async def send(self, message: AlertMessage) -> DeliveryOutcome:
        try:
            async with asyncio.timeout(self._webhook.timeout_s):
                return await self._post(message)
        except InvalidAddress as error:
            return DeliveryOutcome(DeliveryVerdict.REFUSED, str(error))
        except (TimeoutError, httpx.TimeoutException):
            return DeliveryOutcome(
                DeliveryVerdict.UNREACHABLE, f"it did not answer within {self._webhook.timeout_s:g} s"
            )
        except httpx.HTTPError as error:
            return DeliveryOutcome(*_failure(error))

    async def _post(self, message: AlertMessage) -> DeliveryOutcome:
        url = address_of(self._webhook.url)
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        # The body of the answer stays unread: it is as long as the other side likes.
        async with self._client().stream("POST", url, content=message.body, headers=headers) as response:
            return outcome_of(response.status_code, response.headers.get("retry-after"), datetime.now(UTC))

    async def open(self) -> None:
        self._client()

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()
        self._opened = None

    def _client(self) -> httpx.AsyncClient:
        if self._opened is None:
            timeout_s = self._webhook.timeout_s
            self._opened = httpx.AsyncClient(verify=_authorities(), timeout=timeout_s, follow_redirects=False)
        return self._opened


@cache
def _authorities() -> ssl.SSLContext:
    """Reading them takes longer than a post."""
    return httpx.create_ssl_context()


def outcome_of(status: int, retry_after: str | None, now: datetime) -> DeliveryOutcome:
    """The outcome that a status stands for."""
    if 200 <= status < 300:
        return DeliveryOutcome(DeliveryVerdict.TAKEN)
    if 300 <= status < 400:
        return DeliveryOutcome(
            DeliveryVerdict.REFUSED, f"it redirects (status {status}), which is not followed; give the address it names"
        )
    if status == 413:
        return DeliveryOutcome(DeliveryVerdict.TOO_LARGE, "it says that the message is too large (status 413)")
    reason = f"it answered with status {status}"
    if status in _TRY_AGAIN or status >= 500:
        return DeliveryOutcome(
            DeliveryVerdict.FAILED, reason, _wait_s(retry_after, now) if status in {429, 503} else None
        )
    return DeliveryOutcome(DeliveryVerdict.REFUSED, reason)


def _wait_s(retry_after: str | None, now: datetime) -> float | None:
    """The wait that a Retry-After header asks for, in seconds or as a date, within bounds."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        seconds = float(retry_after) if len(retry_after) < 10 else LONGEST_WAIT_S
    else:
        try:
            seconds = (parsedate_to_datetime(retry_after).astimezone(UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 1.0), LONGEST_WAIT_S)


def _failure(error: httpx.HTTPError) -> tuple[DeliveryVerdict, str]:
    """A sentence without the address, which the texts of these errors may hold."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return DeliveryVerdict.UNREACHABLE, "its certificate is not one that this machine trusts for that name"
    if isinstance(cause, ssl.SSLError):
        return DeliveryVerdict.UNREACHABLE, "it does not speak TLS as this machine does"
    if isinstance(cause, socket.gaierror):
        return DeliveryVerdict.UNREACHABLE, "its name is not known to the name server"
    if isinstance(cause, ConnectionRefusedError):
        return DeliveryVerdict.UNREACHABLE, "nothing listens at its address"
    if isinstance(error, httpx.ConnectError):
        return DeliveryVerdict.UNREACHABLE, "its address cannot be reached"
    if isinstance(error, httpx.RemoteProtocolError):
        return DeliveryVerdict.FAILED, "its answer is no HTTP, or ended too early"
    if isinstance(error, httpx.NetworkError):
        return DeliveryVerdict.FAILED, "the connection broke before it had answered"
    return DeliveryVerdict.FAILED, f"it cannot be posted to ({type(error).__name__})"


def _cause(error: BaseException) -> BaseException:
    """The error of the operating system or of TLS, which the HTTP client has wrapped more than once."""
    found, seen = error, error.__cause__ or error.__context__
    while seen is not None:
        if isinstance(seen, OSError):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
