"""Hostile storage: somebody who fills the disk of the hub, and a bucket that lies."""

import random
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.faults import disks
from tests.faults.hostile.world import Participant, World
from tests.rclone import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from tests.s3_proxy import FAILURES, Failure, S3Proxy

DISK_MB = 400
LIES: tuple[Failure, ...] = (*FAILURES, "lists too much")


def _fills_the_disk(world: World, dice: random.Random, stopping: threading.Event) -> None:
    """Somebody else takes all room of the hub's disk for some seconds."""
    assert world.disk is not None
    stopping.wait(dice.uniform(3, 8))
    disks.fill(world.disk, leave=dice.choice((0, 40_000)))
    stopping.wait(dice.uniform(3, 6))
    disks.relieve(world.disk)


def _lies(world: World, dice: random.Random, stopping: threading.Event) -> None:
    """In one way after another; in the end it says how things are."""
    assert world.bucket is not None
    while not stopping.wait(dice.uniform(0.5, 4)):
        world.bucket.fail(dice.choice(LIES))
    world.bucket.fail("none")


PARTICIPANTS = (
    Participant("disk:full", act=_fills_the_disk, needs_disk=True),
    Participant("disk:lying_bucket", act=_lies, needs_bucket=True),
)


def small_disk(chosen: tuple[Participant, ...], data: Path, stack: ExitStack) -> Path | None:
    if not any(one.needs_disk for one in chosen):
        return None
    try:
        disks.mount(data, DISK_MB)
    except disks.NoDisk:
        return None
    stack.callback(disks.unmount, data)
    return data


def bucket(
    chosen: tuple[Participant, ...], root: Path, stack: ExitStack
) -> tuple[S3Proxy | None, dict[str, Any], dict[str, str]]:
    """The bucket, the section of the configuration that names it, and the variables with its keys."""
    if not any(one.needs_bucket for one in chosen):
        return None, {}, {}
    proxy = stack.enter_context(S3Proxy(stack.enter_context(S3Server(root / "s3")).port))
    section = {
        "bucket": BUCKET, "endpoint": proxy.endpoint, "access_key_env": "S3_ACCESS", "secret_key_env": "S3_SECRET",
        "archive_after_minutes": 10,
    }  # fmt: skip
    return proxy, {"cold_storage": section}, {"S3_ACCESS": ACCESS_KEY, "S3_SECRET": SECRET_KEY}
