"""The whole product on a small disk of its own: who may read it, what is given back, and what a full one stops."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from consumers.engine import view_files
from consumers.store.archive.retention import ArchiveRetention
from producer.ids import utc_now
from tests.eventually import eventually
from tests.faults import disks
from tests.forked import Forked
from tests.loopback import NO_TLS
from tests.product import Product
from tests.required import unavailable

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(400)]
TOKEN = "the-token-of-the-page"
SECRETS = {
    "PAGE_TOKEN": TOKEN,
    "HOOK_URL": "http://127.0.0.1:9/hook",
    "GATE_URL": "rtsp://user:secret@127.0.0.1:9/gate",
    "SOMEBODY_ELSES_KEY": "secret",
}
KNOWN_TO = {"gateway": {"PAGE_TOKEN"}, "alerting": {"HOOK_URL"}, "edge:GATE": {"GATE_URL"}}
DISK_MB = 400


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        disks.mount(folder, DISK_MB)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    yield folder
    disks.unmount(folder)


@pytest.fixture
def product(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config = tmp_path / "watchpost.yaml"
    config.write_text(yaml.safe_dump(configuration()))
    product = Product(disk / "data", ["--config", str(config)], start=Forked)
    yield product
    product.end()


def configuration() -> dict[str, Any]:
    yard = {"kind": "scene", "scene": "visual", "place": "yard", "seed": 1}
    gate = {"kind": "rtsp", "url_env": "GATE_URL"}
    devices = [
        {"device": "YARD", "name": "Yard", "visual": yard},
        {"device": "GATE", "name": "Gate", "node": "GATE", "visual": gate},
    ]
    return {
        "gateway": {"token_env": "PAGE_TOKEN"},
        "alerts": {"webhook_url_env": "HOOK_URL"},
        "sites": [{"site": "TEST", "name": "Test", "time_zone": "UTC", "devices": devices}],
    }


def opened(product: Product) -> httpx.Client:
    return httpx.Client(
        base_url=product.start(), timeout=20, verify=NO_TLS, headers={"Authorization": f"Bearer {TOKEN}"}
    )


def stats(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/v1/storage/stats").json()
    return answer


def held_open(product: Product) -> list[str]:
    """The files of the data that are gone and still take their bytes, with who holds them."""
    found = []
    for name, state in product.processes().items():
        for link in Path(f"/proc/{state['pid']}/fd").iterdir():
            try:
                target = str(link.readlink())
            except FileNotFoundError:
                continue
            if target.startswith(str(product.data)) and target.endswith("(deleted)"):
                found.append(f"{name}: {target}")
    return found


def environment_of(pid: int) -> set[str]:
    written = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {line.partition(b"=")[0].decode() for line in written}


def pids(product: Product) -> dict[str, int]:
    return {name: state["pid"] for name, state in product.processes().items()}


def incidents(client: httpx.Client) -> set[str]:
    found = client.get("/api/v1/incidents").json()["incidents"]
    return {one["type"] for one in found if one["device"] == "_hub" and one["state"] == "open"}


def test_a_disk_is_kept_private_given_back_and_survived_when_it_is_full(product: Product) -> None:
    with opened(product) as client:
        eventually(lambda: stats(client)["devices"], 60, "something in the archive")
        _everyone_knows_its_own_secrets(product)
        _nobody_else_may_read(product.data)
        _what_is_dropped_is_given_back(product, client)
        before = pids(product)
        disks.fill(product.data.parent)
        _what_needs_no_disk_goes_on(client)
        assert pids(product) == before
        assert product.signal(signal.SIGTERM) == 0

    disks.fill(product.data.parent)
    with opened(product) as client:
        assert "is full: 0.0 MB are left" in "\n".join(product.lines)
        newest = eventually(lambda: _newest(client), 30, "the newest event")
        eventually(lambda: client.get("/health").status_code == httpx.codes.OK, 30, "health")
        disks.relieve(product.data.parent)
        # What the supervisor says of its processes is a file too, which a full disk may not take.
        before = eventually(lambda: pids(product) if all(pids(product).values()) else None, 30, "what runs")
        eventually(lambda: _newest(client, "media") > newest, 60, "media that are taken in again")
        assert pids(product) == before
        assert [state["restarts"] for state in product.processes().values()] == [0] * len(before)


def _everyone_knows_its_own_secrets(product: Product) -> None:
    found = {name: environment_of(pid) & set(SECRETS) for name, pid in pids(product).items()}

    assert found == {name: KNOWN_TO.get(name, set()) for name in found}


def _nobody_else_may_read(data: Path) -> None:
    paths = [data, *data.rglob("*")]

    assert [str(path) for path in paths if not path.is_symlink() and path.stat().st_mode & 0o077] == []


def _what_is_dropped_is_given_back(product: Product, client: httpx.Client) -> None:
    """Dropped as retention does, by a process whose clock is an hour ahead; and a view is folded again."""
    archive = ArchiveRetention(product.data / "archive", lambda: utc_now() + timedelta(hours=1))
    packs = [pack for kind in ("capture", "thumbnail") for pack in archive.expiring(kind, utc_now() + timedelta(1))]
    files = list((product.data / "archive").glob("*/*/*/*/*.pack"))
    held, used = sum(file.stat().st_size for file in files), os.statvfs(product.data)
    archive.drop(packs)

    free_before = used.f_bfree * used.f_frsize
    grown = sum(file.stat().st_size for file in (product.data / "archive").glob("*/*/*/*/*.pack"))
    now = os.statvfs(product.data)
    assert packs
    assert now.f_bfree * now.f_frsize - free_before > held - grown - 2_000_000
    # A sink that is new does not look back at what was asked for before.
    eventually(lambda: view_files.file_of(product.data, "rebuilds"), 60, "who folds views again")
    old = eventually(lambda: view_files.file_of(product.data, "health"), 60, "a view")
    assert client.post("/api/v1/consumers/health/rebuild").status_code < httpx.codes.BAD_REQUEST
    eventually(lambda: view_files.file_of(product.data, "health") != old, 60, "a view that was folded again")
    eventually(lambda: not held_open(product), 30, "files that are given back")
    eventually(lambda: _stats_are_those_of_the_disk(product, client), 30, "stats that equal the disk")


def _stats_are_those_of_the_disk(product: Product, client: httpx.Client) -> bool:
    reported = int(stats(client)["total_bytes"])
    held = sum(path.lstat().st_blocks * 512 for path in (product.data / "archive").rglob("*"))
    return abs(reported - held) <= held / 100


def _what_needs_no_disk_goes_on(client: httpx.Client) -> None:
    eventually(lambda: {"storage"} <= incidents(client), 60, "an incident of the hub's disk")
    answer = client.post("/api/v1/storage/cleanup").json()

    assert answer["success"] is False
    assert answer["message"].startswith("Nothing to delete: the disk is still used by ")
    assert client.get("/ready").status_code in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
    assert client.get("/health").status_code == httpx.codes.OK


def _newest(client: httpx.Client, kind: str = "") -> int:
    asked = {"limit": "1", "order": "desc"} | ({"type": kind} if kind else {})
    events = client.get("/api/v1/events", params=asked).json()["events"]
    return int(events[0]["position"]) if events else 0
