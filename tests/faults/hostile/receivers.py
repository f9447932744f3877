"""Receivers of alerts that answer anything but what they should."""

from tests.faults.hostile.world import Participant
from tests.receivers import Behaviour, answering, dripping, endless, hanging, resetting, saying

BEHAVIOURS: dict[str, Behaviour] = {
    "garbage": saying(b"\x00\x01 this is no HTTP\r\n\r\n"),
    "redirect": answering(302, "Location: http://127.0.0.1:9/inside"),
    "refuses": answering(401),
    "too_large": answering(413),
    "too_many": answering(429, "Retry-After: 86400"),
    "broken": answering(500, body="x" * 100_000),
    "hangs": hanging(),
    "hangs_in_its_head": hanging(b"HTTP/1.1 200 OK\r\n"),
    "drips": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000),
    "endless": endless,
    "many_headers": saying(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n"),
    "resets": resetting,
}
PARTICIPANTS: tuple[Participant, ...] = tuple(
    Participant(f"receiver:{name}", receiver=behaviour) for name, behaviour in BEHAVIOURS.items()
)
