"""Sends previews of a camera: its pictures, and what its motion detector sees while somebody watches that."""

from collections.abc import Callable

from bus_schemas.protocol import MOTION
from producer.clock import Elapsed, since_boot

Send = Callable[[str, bytes], None]
"""Takes the kind of a preview and a JPEG, which may be dropped."""


class Previews:
    """`watch_motion` is called by another thread than everything else."""

    def __init__(self, send: Send, elapsed: Elapsed = since_boot) -> None:
        self._send = send
        self._elapsed = elapsed
        self._watched_until_s = float("-inf")

    def picture(self, jpeg: bytes) -> None:
        self._send("visual", jpeg)

    def watch_motion(self, lease_s: float) -> None:
        """Send what the motion detector sees for so long from now on."""
        self._watched_until_s = self._elapsed() + lease_s

    @property
    def is_motion_watched(self) -> bool:
        return self._elapsed() < self._watched_until_s

    def motion(self, jpeg: bytes) -> None:
        self._send(MOTION, jpeg)
