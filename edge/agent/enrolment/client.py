"""Exchanges a one-time code for an identity at a hub."""

import hashlib
import ipaddress
import json
import secrets
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from bus_schemas.enrolment import Enrolment, EnrolmentRequest
from edge.agent.enrolment.configurations import ConfigurationStore
from edge.agent.enrolment.identity import FOLDER, Identity, broker_of, load, save
from edge.agent.enrolment.signatures import verify
from producer.broker import BrokerAddress
from producer.mqtt import open_socket
from producer.os_errors import describe_network_error, is_of_another_name
from producer.whole_file import PRIVATE, write_whole

PATH: Final = "/api/v1/enrol"
ANSWERS_WITHIN_S: Final = 20.0
ROUNDS: Final = 101
"""The rounds of mosquitto's default; 256 random bits are hashed, which nobody guesses."""
MAX_ANSWER: Final = 2_000_000
WEB_PAGES: Final = ("text/html", "application/xhtml+xml")
ROOM_BYTES: Final = 1_000_000
"""More than identity, authority and the longest configuration take, each of them twice."""


class NotEnrolled(RuntimeError):
    """The machine has no identity of the hub. The message says why."""


@dataclass(frozen=True, slots=True)
class Hub:
    """Where a hub answers, and the authority of its certificate where the system does not know it."""

    url: str
    ca_file: Path | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def read_target(text: str, *, allows_plain_http: bool = False, ca_file: Path | None = None) -> tuple[str, Hub]:
    """The code and the hub of `CODE@ADDRESS`. Without a scheme it is HTTPS, and HTTP on this machine.

    Raises `NotEnrolled` where the text is not of this form, or would send the code for everybody to read.
    """
    code, _, address = text.partition("@")
    if not code.strip() or not address.strip():
        raise NotEnrolled("write it as CODE@ADDRESS: the code from the page, and where the page is")
    try:
        given = urlsplit(address if "://" in address else f"//{address}")
        host, _port = given.hostname or "", given.port
    except ValueError as error:
        raise NotEnrolled(f"{address!r} is no address: {error}") from error
    scheme = given.scheme or ("http" if _is_loopback(host) else "https")
    if not host or scheme not in ("http", "https") or "@" in given.netloc or given.path.strip("/"):
        raise NotEnrolled(f"{address!r} is no address of a hub: a name, perhaps https:// before and a port after it")
    if scheme == "http" and not _is_loopback(host) and not allows_plain_http:
        raise NotEnrolled(
            f"http://{given.netloc} would send the code for everybody on the way to read and to use first, and somebody"
            " could answer in the place of the hub: use https://, or --allow-plain-http on a network that you trust"
        )
    return code.strip(), Hub(f"{scheme}://{given.netloc}", ca_file)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def enrol(code: str, hub: Hub, data: Path) -> Identity:
    """Become the agent that the code is for. The password is drawn here, and the hub is given only its hash. It is told
    whose directory this is already, so that a code for another agent takes nothing from that one.

    Raises `NotEnrolled`, and `OSError` where the identity cannot be kept.
    """
    before = load(data)
    _require_room(data / FOLDER)
    password = secrets.token_urlsafe(32)
    node = None if before is None else before.node
    answer = _ask(hub, EnrolmentRequest(code=code, password_hash=password_hash(password), node=node))
    if before is not None and before.node != answer.node:
        raise NotEnrolled(
            f"the code is for {answer.node}, and {data} belongs to {before.node}: name another directory with --data"
        )
    identity = Identity(
        hub=hub.url,
        node=answer.node,
        user=answer.user,
        password=password,
        broker_host=answer.broker_host or hub.host,
        broker_port=answer.broker_port,
        has_own_authority=answer.ca is not None,
        hub_key=answer.hub_key,
    )
    verify(answer.configuration, identity.node, identity.hub_key)
    ConfigurationStore.begin_with(data, answer.configuration)
    save(data, identity, answer.ca)
    return identity


def _require_room(folder: Path) -> None:
    """Raises `OSError` before the code is used where what it gives could not be kept."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = folder / ".probe"
    try:
        write_whole(probe, bytes(ROOM_BYTES), PRIVATE)
    finally:
        probe.with_name(f"{probe.name}.new").unlink(missing_ok=True)
        probe.unlink(missing_ok=True)


def password_hash(password: str) -> str:
    """The hash as mosquitto stores it."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def broker_trouble(data: Path, identity: Identity) -> str | None:
    """Why the broker cannot be reached with this identity; the name of its certificate is checked too."""
    address: BrokerAddress = broker_of(data, identity)
    try:
        with closing(open_socket(address)):
            return None
    except OSError as error:
        if isinstance(error, ssl.SSLCertVerificationError) and is_of_another_name(error):
            return (
                f"the broker at {address} has no certificate for {address.host} ({error.verify_message}): name it in"
                " broker.agents.names of the hub, and restart the hub"
            )
        return f"the broker at {address} cannot be reached: {describe_network_error(error)}"


def _ask(hub: Hub, request: EnrolmentRequest) -> Enrolment:
    body = request.model_dump_json(exclude_none=True).encode()
    asked = urllib.request.Request(  # noqa: S310 - http or https, as `read_target` made sure
        f"{hub.url}{PATH}", body, {"Content-Type": "application/json"}, method="POST"
    )
    try:
        context = ssl.create_default_context(cafile=hub.ca_file)
    except OSError as error:
        raise NotEnrolled(f"no certificate of an authority can be read from {hub.ca_file}: {error.strerror}") from error
    try:
        with urllib.request.urlopen(asked, timeout=ANSWERS_WITHIN_S, context=context) as answer:  # noqa: S310 - as above
            if answer.headers.get_content_type() in WEB_PAGES:
                raise NotEnrolled(
                    f"what answers at {hub.url} is a web page and no hub: another address, or a network that wants a"
                    " login first, as of a hotel"
                )
            return Enrolment.model_validate_json(answer.read(MAX_ANSWER))
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise NotEnrolled(f"{hub.url} refuses: {_reason(refusal)}") from refusal
    except ValidationError as error:
        raise NotEnrolled(f"what answers at {hub.url} is no hub of this version") from error
    except HTTPException as error:
        raise NotEnrolled(f"{hub.url} cannot be asked: what answers there does not speak HTTP") from error
    except UnicodeError as error:
        raise NotEnrolled(f"{hub.url} cannot be asked: its name is not one") from error
    except OSError as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        why = describe_network_error(reason) if isinstance(reason, BaseException) else reason
        raise NotEnrolled(f"{hub.url} cannot be asked: {why}") from error


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read(MAX_ANSWER))["detail"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return f"HTTP {refusal.code}"
