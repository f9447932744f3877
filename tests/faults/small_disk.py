"""Runs the product with five cameras on a small disk at its real rate: `python -m tests.faults.small_disk`.

With `--bucket` the disk is the hot part of cold storage, whose server fails in the middle third of the run.
"""

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
import yaml

from consumers.store.disk import STAT_BLOCK_BYTES, disk_of
from producer.ids import utc_now
from tests.cameras.agent import device
from tests.cameras.case import RtspCase
from tests.cameras.media import Video, video
from tests.cameras.script import pictures
from tests.cameras.server import Cameras
from tests.faults import disks
from tests.loopback import NO_TLS
from tests.product import Product
from tests.rclone import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from tests.s3_proxy import FAILURES, S3Proxy

SITE = "YARD"
NEWEST = timedelta(minutes=10)
UNFINISHED = timedelta(seconds=40)
"""The newest segment is still written, and then on its way."""
LOOK_EVERY_S = 15.0
RECORDED_SHARE = 0.99
ACCEPTED_PERCENT = 85.5


@dataclass
class Seen:
    """What was seen while the product ran."""

    began: datetime = field(default_factory=utc_now)
    percents: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Of the newest ten minutes, what each camera's recordings hold of them."""
    faults: list[str] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)
    deleted: Counter[str] = field(default_factory=Counter)
    """Bytes by rule."""
    restarts: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        minutes = (utc_now() - self.began).total_seconds() / 60
        yield f"{minutes:.0f} minutes, disk used up to {max(self.percents):.1f} %, at the end {self.percents[-1]:.1f} %"
        yield f"newest 10 minutes: {min(self.shares, default=0):.1%} of the worst camera, {len(self.shares)} looks"
        yield f"processes started again: {sum(self.restarts.values())}"
        yield f"alerts: {', '.join(self.alerts.values()) or 'none'}"
        for rule, size in sorted(self.deleted.items()):
            yield f"deleted: {size / 1e6:.0f} MB, {rule}"
        yield from self.faults


class Run:
    """One product on one disk, looked at from outside."""

    def __init__(self, client: httpx.Client, product: Product, cameras: list[str], say: Callable[[str], None]) -> None:
        self._client = client
        self._product = product
        self._cameras = cameras
        self._say = say
        self.seen = Seen()

    def look(self) -> None:
        disk = disk_of(self._product.data)
        self.seen.percents.append(disk.percent)
        if disk.percent > ACCEPTED_PERCENT:
            self.fault(f"the disk is used by {disk.percent:.1f} %: {self._largest()}")
        now = utc_now()
        for camera in self._cameras if now - self.seen.began > NEWEST + UNFINISHED else ():
            share = self._recorded(camera, now - NEWEST, now - UNFINISHED)
            self.seen.shares.append(share)
            if share < RECORDED_SHARE:
                self.fault(f"{camera}: {share:.1%} of its newest ten minutes")
        for name, state in self._product.processes().items():
            if state["restarts"] > self.seen.restarts.get(name, 0):
                self.seen.restarts[name] = state["restarts"]
                self.fault(f"{name} was started again: {state['last_exit']}")
        for one in self._get("/api/v1/alerts", limit=100)["alerts"]:
            self.seen.alerts[one["id"]] = f"{one['type']} of {one['device']} ({one['level']})"

    def _recorded(self, camera: str, start: datetime, end: datetime) -> float:
        path = f"/api/v1/sites/{SITE}/devices/{camera}/recordings"
        found = self._get(path, **{"from": start.isoformat(), "to": end.isoformat()})["recordings"]
        spans = [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])) for one in found]
        inside = sum((min(b, end) - max(a, start)).total_seconds() for a, b in spans if b > start and a < end)
        return inside / (end - start).total_seconds()

    def _largest(self) -> str:
        """The folders of the data that take most."""
        sizes: Counter[str] = Counter()
        for path in self._product.data.rglob("*"):
            with suppress(FileNotFoundError):
                sizes[path.relative_to(self._product.data).parts[0]] += path.lstat().st_blocks * STAT_BLOCK_BYTES
        return ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.most_common(5))

    def count_deleted(self) -> None:
        after, asked = 0, {"type": "retention", "limit": 1000}
        while found := self._get("/api/v1/events", **asked, after=after)["events"]:
            after = found[-1]["position"]
            for one in found:
                data = one["event"]["data"]
                self.seen.deleted[data["rule"]] += data["bytes"]

    def fault(self, words: str) -> None:
        line = f"{utc_now():%H:%M:%S} {words}"
        self.seen.faults.append(line)
        self._say(line)

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self._client.get(path, params=parameters)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.fault(f"{path} answers {answer.status_code}: {answer.text[:200]}")
            return {"recordings": [], "alerts": [], "events": []}
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


def padded(sent: Video, kbit: int) -> Video:
    """With filler data (NAL units of type 12), as cameras of a constant bit rate send it."""
    size = kbit * 1000 // 8 // sent.rate
    pictures = []
    for one in sent.pictures:
        lacking = max(0, size - sum(map(len, one.units)))
        pictures.append(replace(one, units=(*one.units, b"\x0c" + b"\xff" * lacking + b"\x80")))
    return replace(sent, pictures=tuple(pictures))


def configured(
    cases: dict[str, RtspCase], cameras: Cameras, root: Path, hub: dict[str, Any]
) -> tuple[Path, dict[str, str]]:
    devices: list[dict[str, Any]] = []
    variables: dict[str, str] = {}
    for name, case in cases.items():
        made, needed = device(name, case, cameras, root)
        devices.append({key: made[key] for key in ("device", "visual")} | {"node": "cameras"})
        variables |= needed
    config = root / "watchpost.yaml"
    config.write_text(yaml.safe_dump({"sites": [{"site": SITE, "devices": devices}], "hub": hub}))
    return config, variables


def cold_storage(server: S3Proxy) -> tuple[dict[str, Any], dict[str, str]]:
    section = {
        "bucket": BUCKET, "endpoint": server.endpoint, "access_key_env": "S3_ACCESS", "secret_key_env": "S3_SECRET",
        "archive_after_minutes": 10,
    }  # fmt: skip
    return {"cold_storage": section}, {"S3_ACCESS": ACCESS_KEY, "S3_SECRET": SECRET_KEY}


@contextmanager
def on_disk(megabytes: int) -> Iterator[tuple[Path, Path]]:
    """A directory for the run, and the data directory on a disk of its own in it."""
    root = Path(tempfile.mkdtemp(prefix="small-disk-"))
    data = root / "disk"
    data.mkdir()
    try:
        disks.mount(data, megabytes)
        try:
            yield root, data / "data"
        finally:
            disks.unmount(data)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def watch(run: Run, minutes: float, proxy: S3Proxy | None) -> None:
    began, pause = time.monotonic(), threading.Event()
    while (share := (time.monotonic() - began) / (minutes * 60)) < 1:
        if proxy is not None:
            # One failure after the other in the middle third.
            place = int((share * 3 - 1) * len(FAILURES))
            proxy.fail(FAILURES[place] if 1 / 3 <= share < 2 / 3 else "none")
        run.look()
        pause.wait(LOOK_EVERY_S)
    run.count_deleted()


def main(
    minutes: Annotated[float, typer.Option(min=1, help="How long.")] = 60,
    megabytes: Annotated[int, typer.Option(min=100, help="The size of the disk.")] = 700,
    devices: Annotated[int, typer.Option(min=1, max=20, help="How many cameras.")] = 5,
    kbit: Annotated[int, typer.Option(min=100, help="Kilobits that each camera sends in a second.")] = 500,
    rate: Annotated[int, typer.Option(min=1, help="Pictures that each camera sends in a second.")] = 10,
    bucket: Annotated[
        bool, typer.Option("--bucket", help="With cold storage that fails for a third of the time.")
    ] = False,
) -> None:
    """Exit code 1 where the newest ten minutes were not there, a process ended, or an answer failed."""
    sent = padded(video(size=(320, 240), rate=rate), kbit)
    cases = {f"CAMERA_{number}": RtspCase(lambda _: pictures(sent), sent) for number in range(1, devices + 1)}
    with ExitStack() as stack:
        root, data = stack.enter_context(on_disk(megabytes))
        cameras = stack.enter_context(Cameras(dict(cases)))
        proxy = None
        if bucket:
            proxy = stack.enter_context(S3Proxy(stack.enter_context(S3Server(root / "s3")).port))
        hub, secrets = cold_storage(proxy) if proxy is not None else ({}, {})
        config, variables = configured(cases, cameras, root, hub)
        product = Product(data, ["--config", str(config)], variables | secrets)
        stack.callback(product.end)
        client = stack.enter_context(httpx.Client(base_url=product.start(), timeout=30, verify=NO_TLS))
        run = Run(client, product, list(cases), typer.echo)
        watch(run, minutes, proxy)
        code = product.stop()
        if code != 0:
            run.fault(f"watchpost up ended with {code}")
    for line in run.seen.lines():
        typer.echo(line)
    sys.exit(1 if run.seen.faults else 0)


if __name__ == "__main__":
    typer.run(main)
