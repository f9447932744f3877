"""What the parts of an agent share: the clock, the way to wait, the environment and the start time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from edge.agent.identification import BoardLight
from edge.agent.leftovers import Leftovers
from edge.agent.picture_thinning import PictureThinning
from edge.agent.settings_store import StoredSettings
from edge.capture.camera_controls import OpenControls, V4l2Controls
from edge.capture.sources.source import Pause
from producer.ids import Clock


@dataclass(frozen=True, slots=True)
class AgentContext:
    """`environ` is the environment as it was when the process started, `started` the moment from which faults count."""

    clock: Clock
    pause: Pause
    environ: Mapping[str, str]
    started: datetime
    node: str = ""
    thinning: PictureThinning = field(default_factory=PictureThinning)
    light: BoardLight = field(default_factory=BoardLight)
    open_controls: OpenControls = V4l2Controls
    troubles: list[Callable[[], str | None]] = field(default_factory=list)
    """What is wrong with the machine or its place on the bus, each in a sentence."""
    settings: list[StoredSettings] = field(default_factory=list)
    """The stored settings as this process has seen them last."""
    leftovers: Leftovers = field(default_factory=Leftovers)

    @property
    def trouble(self) -> str | None:
        """The first that there is."""
        return next((found for trouble in self.troubles if (found := trouble()) is not None), None)
