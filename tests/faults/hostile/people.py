"""Hostile people with access to the page: they ask for much, the same and again, and write as much as they may."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from bus_schemas.event import iso
from edge.agent.enrolment.client import password_hash
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, METER, Act, Participant, World

AT_ONCE: Final = 4
"""The meter measures in the same process: more of them would measure each other."""
ASKS_FOR_S: Final = 20.0
_HASH: Final = password_hash("guess")
_SCRIPT: Final = "<script>alert(1)</script>\u202e"
Ask = Callable[[httpx.Client, random.Random], object]


def asking(ask: Ask, *, at_once: int = AT_ONCE, pause_s: float = 0.1) -> Act:
    """Several who ask the same kind of thing, again and again, and wait for each answer."""

    def act(world: World, dice: random.Random, stopping: threading.Event) -> None:
        threads = [threading.Thread(target=_ask, args=(world, random.Random(dice.random()))) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        stopping.wait()
        for thread in threads:
            thread.join()

    def _ask(world: World, dice: random.Random) -> None:
        until, pause = datetime.now(UTC) + timedelta(seconds=ASKS_FOR_S), threading.Event()
        with httpx.Client(base_url=f"http://127.0.0.1:{world.http_port}", timeout=30, trust_env=False) as client:
            while datetime.now(UTC) < until:
                with suppress(httpx.HTTPError):
                    ask(client, dice)
                pause.wait(pause_s)

    return act


def _guesses(client: httpx.Client, dice: random.Random) -> object:
    return client.post("/api/v1/enrol", json={"code": f"{dice.randrange(10**12):012X}", "password_hash": _HASH})


def _configures(client: httpx.Client, dice: random.Random) -> object:
    """For a device of the good site, or as a bomb; what is refused costs itself."""
    device = {"device": CAMERA, "visual": {"kind": "v4l2", "path": "/dev/video9"}}
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    texts = (f"sites: [{{site: {GOOD_SITE}, devices: [{device}]}}]", bomb, "[" * 5000, "sites: " + "[1]," * 30_000)
    body = {"by": "eve", "configuration": dice.choice(texts)}
    return client.put(f"/api/v1/enrolments/ghost{dice.randrange(20)}/configuration", json=body)


def _reviews(client: httpx.Client, dice: random.Random) -> object:
    found = client.get("/api/v1/incidents?limit=100").json()["incidents"]
    chosen = [one["id"] for one in found][: dice.choice((1, 100))]
    comment = {"by": _SCRIPT, "action": "commented", "comment": _SCRIPT + "x" * 3900}
    return client.post("/api/v1/incident-reviews", json={**comment, "incidents": chosen or ["nothing"]})


def _mutes(client: httpx.Client, dice: random.Random) -> object:
    """Of its own site, for as long as it may."""
    end = dice.choice(("2199-01-01T00:00:00Z", "9999-12-31T23:59:59Z", iso(datetime.now(UTC) + timedelta(days=1))))
    return client.post("/api/v1/mutes", json={"by": "eve", "reason": "x" * 3900, "site": BAD_SITE, "end": end})


def _reports(client: httpx.Client, dice: random.Random) -> object:
    end = datetime.now(UTC) - timedelta(seconds=2)
    report = {"by": f"eve{dice.randrange(50)}", "site": GOOD_SITE, "name": _SCRIPT}
    return client.post("/api/v1/reports", json={**report, "start": iso(end - timedelta(minutes=50)), "end": iso(end)})


def _pictures(client: httpx.Client, dice: random.Random) -> object:
    minute = int(datetime.now(UTC).timestamp() // 60)
    path = dice.choice(
        (
            f"/heatmaps/{GOOD_SITE}/sheets/{minute - minute % 30}.jpg",
            f"/heatmaps/{GOOD_SITE}/sheets/{(minute - dice.randrange(1440)) // 30 * 30}.jpg",
            f"/api/v1/sites/{GOOD_SITE}/devices/{CAMERA}/snapshot.jpg?width={dice.randrange(16, 3000)}",
            f"/api/v1/sites/{GOOD_SITE}/devices/{METER}/thermal.jpg?scale={dice.randrange(1, 40)}",
        )
    )
    return client.get(path)


def _explanations(client: httpx.Client, dice: random.Random) -> object:
    moment = iso(datetime.now(UTC) - timedelta(seconds=dice.randrange(60)))
    return client.get(f"/api/v1/sites/{GOOD_SITE}/devices/{METER}/why-not", params={"as_of": moment})


ACTS: dict[str, Act] = {
    "guess_codes": asking(_guesses, pause_s=0.05),
    "configure_what_is_not_theirs": asking(_configures),
    "review_everything": asking(_reviews),
    "mute_for_ever": asking(_mutes),
    "reports_in_bulk": asking(_reports),
    "pictures": asking(_pictures),
    "explanations": asking(_explanations),
}

PARTICIPANTS: tuple[Participant, ...] = tuple(Participant(f"people:{name}", act=act) for name, act in ACTS.items())
