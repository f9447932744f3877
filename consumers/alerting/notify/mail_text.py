"""The mail about one alert, or about many that are sent together."""

from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from pydantic_core import from_json

from bus_schemas.condition import incident_words
from bus_schemas.event import HUB
from consumers.alerting.notify.delivery import AlertMessage
from consumers.hub_config import MailDelivery
from consumers.site_registry import Registered

LONGEST_SUBJECT = 200
ENTRIES = 100
"""More of many alerts are counted, and not listed."""


def mail_of(message: AlertMessage, delivery: MailDelivery, places: Registered, now: datetime) -> EmailMessage:
    """The same alerts make a mail with the same `Message-ID`; those that raise and clear one alert are one thread.
    Times are those of the site, which people there have on their clocks.
    """
    content = from_json(message.body)
    domain = delivery.sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = _subject(content)
    mail["From"] = delivery.sender
    mail["To"] = delivery.recipient
    mail["Date"] = now
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    if "grouped" not in content:
        mail["References"] = f"<alert-{content['id']}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    # Servers exist that pass on nothing but ASCII.
    mail.set_content("\n".join(_lines(content, places, delivery.page)) + "\n", cte="quoted-printable")
    return mail


def _subject(content: dict[str, Any]) -> str:
    """A line. Names are given by people, and a line break in a header would begin another one."""
    what = "CLEARED" if content["state"] == "cleared" else content["level"].upper()
    line = " ".join(f"[{what}] {content['message']}".split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _lines(content: dict[str, Any], places: Registered, page: str | None) -> Iterator[str]:
    yield content["message"]
    yield ""
    if "grouped" in content:
        yield from _entries(content, places)
    else:
        if content["site"] != HUB:
            yield f"Site:   {_named(places.site_name(content['site']), content['site'])}"
            yield f"Device: {_device(content)}"
        yield f"Level:  {content['level']}"
        yield f"Time:   {_moment(content, places)}"
    if page is not None:
        yield ""
        site = "" if content["site"] in {None, HUB} else f"?site={content['site']}"
        yield f"{page}/alerts{site}"


def _entries(content: dict[str, Any], places: Registered) -> Iterator[str]:
    shown = content["grouped"][:ENTRIES]
    for one in shown:
        what = f"{incident_words(one['type'])}, {one['state']}, {one['level']}"
        where = "Hub" if one["site"] == HUB else f"{places.site_name(one['site'])}, {_device(one)}"
        yield f"{_moment(one, places)}  {where}: {what}"
    if content["count"] > len(shown):
        yield f"… and {content['count'] - len(shown)} more"


def _device(content: dict[str, Any]) -> str:
    return _named(content["camera_name"], content["device"])


def _named(name: str, id: str) -> str:
    return id if name == id else f"{name} ({id})"


def _moment(content: dict[str, Any], places: Registered) -> str:
    """To the second: `2026-01-05 11:00:00 CET`."""
    moment = datetime.fromisoformat(content["timestamp"]).astimezone(places.zone(content["site"]))
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"
