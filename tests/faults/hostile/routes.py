"""Programs that ask every route of the gateway for anything, without a token and with that of a person."""

import json
import random
import re
import threading
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

import httpx

from gateway.app import operations
from gateway.calls import Operation
from gateway.http.parameters import query_keys
from tests.faults.hostile.mutations import VALUES, golden
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, NODE, Act, Participant, World
from tests.loopback import NO_TLS

PAUSE_S: Final = 0.1
TIMEOUT_S: Final = 8.0
"""The others are waited for when a run ends."""
LEAVES_AFTER_BYTES: Final = 5_000
DECIDES_FOR_OTHERS: Final = ("/storage/cleanup", "/enrolments/{node}", "/session", "/rebuild")
"""A person with a token may do this to the good site, too: it is their right, and no fault that can be survived."""
TEXTS: Final = (
    "", "0", "-1", "1", "1e400", "NaN", "..", ".", "%", "%00", "%2e%2e%2f", "'", '"', ";--", "\x00", "\r\nX-A: b", "٣",
    "🙂", "null", "9" * 40, "(a+)+" * 20 + "$", "2026-02-30", "0001-01-01", "9999-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z", "2026-01-05T10:00:00+23:59", "a" * 3000, "[]", "{}", "true", "_hub", "*",
    "=cmd|' /C calc'!A0", "<svg onload=alert(1)>",
)  # fmt: skip
KNOWN: Final = {
    "site": (GOOD_SITE, BAD_SITE), "device": (CAMERA, "BAD0", "BAD1"),
    "kind": ("visual", "thermal", "capture", "segment"),
    "node": (NODE,), "hour": ("00", "07"), "slot": ("0700",), "name": ("snapshot", "health", "video.mp4"),
}  # fmt: skip
HEADERS: Final = {
    "Range": ("bytes=0-", "x",
              "bytes=-1", "bytes=5-2", "bytes=" + ",".join(["0-1"] * 500), "lines=1-2", "bytes=0-" + "9" * 30),
    "If-None-Match": ("*", '"x"', '"' + "x" * 4000 + '"'), "If-Range": ('"x"', "Thu, 01 Jan 1970 00:00:00 GMT"),
    "Accept-Encoding": ("gzip;q=NaN", "br", "*"), "Last-Event-ID": ("-1", "9" * 30, "x"), "Expect": ("100-continue",),
    "X-Forwarded-For": ("10.0.0.1", "1, " * 500, "::1"), "X-Forwarded-Proto": ("https", "javascript"),
    "Forwarded": ("for=_x;host=evil",), "Origin": ("https://evil.example", "null"), "Cookie": ("session=x; " * 100,),
    "Content-Encoding": ("gzip", "br"), "Transfer-Encoding": ("gzip",), "Upgrade": ("websocket", "h2c"),
    "Sec-Fetch-Site": ("cross-site",), "Content-Type": ("text/plain", "multipart/form-data; boundary=x", "x"),
    "Accept": ("application/x-ndjson", "text/csv", "*/*;q=0", "x" * 4000),
    "Host": ("evil.example", "127.0.0.1:1", "[::1]"),
}  # fmt: skip


def asking(*, has_token: bool, at_once: int = 2) -> Act:
    """Several clients, each of which asks one thing after another and reads a part of the answer."""

    def act(world: World, dice: random.Random, stopping: threading.Event) -> None:
        arguments = (world, stopping, has_token)
        threads = [
            threading.Thread(target=_ask, args=(random.Random(dice.random()), *arguments)) for _ in range(at_once)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return act


def _ask(dice: random.Random, world: World, stopping: threading.Event, has_token: bool) -> None:
    every = operations()
    with httpx.Client(
        base_url=f"http://127.0.0.1:{world.http_port}", timeout=TIMEOUT_S, verify=NO_TLS, trust_env=False
    ) as client:
        while not stopping.wait(PAUSE_S):
            operation = dice.choice(every)
            request = _request(client, operation, dice)
            if world.token and has_token:
                request.headers["Authorization"] = f"Bearer {world.token}"
            elif operation.method != "GET" and not world.token:
                continue  # nobody is asked for a token here, and so everybody has the rights of a person
            with suppress(httpx.HTTPError):
                _judge(world, request, client.send(request, stream=True))


def _judge(world: World, request: httpx.Request, answer: httpx.Response) -> None:
    """Reads some of it, as long as it comes; what must never be answered is written down."""
    read = 0
    try:
        for piece in answer.iter_raw():
            read += len(piece)
            if read > LEAVES_AFTER_BYTES or answer.headers.get("content-type", "").startswith("text/event-stream"):
                break
    finally:
        answer.close()
    if answer.status_code >= 500 and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        world.errors.append(f"{answer.status_code} for {request.method} {request.url} {dict(request.headers)}"[:2000])


def _request(client: httpx.Client, operation: Operation, dice: random.Random) -> httpx.Request:
    parts = re.findall(r"{(\w+)}", operation.path)
    path = operation.path
    changes = operation.method != "GET"
    for part in parts:
        known = KNOWN.get(part, ())
        # Of the good site it only asks: what a person with a token decides about it holds.
        value = BAD_SITE if part == "site" and changes else dice.choice((*known, *known, *known, dice.choice(TEXTS)))
        path = path.replace(f"{{{part}}}", quote(value or "x", safe=""))
    keys = query_keys(operation.parameters, frozenset(parts))
    asked = {key: dice.choice((*TEXTS, GOOD_SITE, CAMERA, "5")) for key in keys if dice.random() < 0.3}
    headers = {name: dice.choice(values) for name, values in HEADERS.items() if dice.random() < 0.08}
    body = _body(operation, dice) if changes else None
    return client.build_request(operation.method, path, params=asked, headers=headers, content=body)


def _body(operation: Operation, dice: random.Random) -> bytes:
    """JSON with the keys of the route's model and values of any kind; never the whole form of a decision for others."""
    if operation.body is None or any(part in operation.path for part in DECIDES_FOR_OTHERS):
        return dice.choice((b"", b"{", b"[" * 3000, b"\x1f\x8b" + dice.randbytes(50)))
    given: dict[str, Any] = {name: f"@{number}@" for number, name in enumerate(operation.body.model_fields)}
    text = json.dumps({name: mark for name, mark in given.items() if dice.random() < 0.8} | {"site": BAD_SITE})
    for mark in given.values():
        example = json.dumps(dice.choice(dice.choice(golden())[1])["data"])
        text = text.replace(f'"{mark}"', dice.choice((*VALUES, '"eve"', f'"{BAD_SITE}"', example)))
    return text.encode("utf-8", "surrogatepass")


PARTICIPANTS: tuple[Participant, ...] = (
    Participant("routes:anything", act=asking(has_token=False)),
    Participant("routes:anything_with_a_token", act=asking(has_token=True)),
)
