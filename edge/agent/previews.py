"""Sends previews of a device, each kind while somebody may look at it: they take as much of a link as the captures."""

from collections.abc import Callable
from typing import Final, Protocol, get_args

from bus_schemas.protocol import MOTION, LiveKind
from producer.clock import Elapsed, since_boot
from producer.relay.bus_messages import OnAcknowledged

ASK_AGAIN_S: Final = 5.0
"""How soon who subscribes without asking the device sees the first preview, at the latest."""

_NEVER_S: Final = float("-inf")


SendPreview = Callable[[str, bytes, OnAcknowledged | None], None]
"""Takes the kind of a preview, a JPEG, which may be dropped, and what is to be called when the broker has it."""


class Show(Protocol):
    """Takes a preview or a fragment of live video for a topic; it may be dropped."""

    def __call__(
        self,
        topic: str,
        payload: bytes,
        content_type: str = "image/jpeg",
        *,
        on_acknowledged: OnAcknowledged | None = None,
    ) -> None: ...


class Audience:
    """Those who look at one kind of preview. The gateway asks for it, again and again. Other programs may only have
    subscribed: the broker knows of them, and is asked now and then with a preview that it acknowledges. As long as it
    has not said that there is nobody, there may be somebody.

    `watch`, and what `question` returns, are called by other threads than everything else.
    """

    def __init__(self, elapsed: Elapsed) -> None:
        self._elapsed = elapsed
        self._watched_until_s = self._nobody_until_s = self._ask_at_s = _NEVER_S

    def watch(self, lease_s: float) -> None:
        self._watched_until_s = self._elapsed() + lease_s

    @property
    def has_asked(self) -> bool:
        return self._elapsed() < self._watched_until_s

    @property
    def may_be_there(self) -> bool:
        return self.has_asked or self._elapsed() >= self._nobody_until_s

    def question(self) -> OnAcknowledged | None:
        """What is to be called when the broker has the next preview; `None` where it is not to be asked."""
        now = self._elapsed()
        if now < self._ask_at_s or self.has_asked:
            return None
        self._ask_at_s = now + ASK_AGAIN_S
        return self._acknowledged

    def _acknowledged(self, *, is_read: bool) -> None:
        self._nobody_until_s = _NEVER_S if is_read else self._ask_at_s


class Previews:
    """`watch` is called by another thread than everything else."""

    def __init__(self, send: SendPreview, elapsed: Elapsed = since_boot) -> None:
        self._send = send
        self._audiences = {kind: Audience(elapsed) for kind in get_args(LiveKind)}

    def watch(self, kind: str, lease_s: float) -> None:
        """Somebody asked for previews of this kind: send them for so long from now on."""
        if kind in self._audiences:
            self._audiences[kind].watch(lease_s)

    def is_wanted(self, kind: LiveKind) -> bool:
        """Whether to make previews of this kind now. What the motion detector sees has to be asked for."""
        audience = self._audiences[kind]
        return audience.has_asked if kind == MOTION else audience.may_be_there

    def show(self, kind: LiveKind, jpeg: bytes) -> None:
        self._send(kind, jpeg, None if kind == MOTION else self._audiences[kind].question())
