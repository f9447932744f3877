"""The resources that the machine of an agent gives it."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.agent.enrolment.remote import RemoteConfiguration
from edge.agent.watchdog import Watchdog
from producer.ids import Clock


@dataclass(frozen=True, slots=True)
class Host:
    """`wall` is the clock of the machine, `environ` that of the process; `remote` takes configurations of a hub
    where one has enrolled the machine.
    """

    wall: Clock
    environ: Mapping[str, str]
    watchdog: Watchdog
    remote: RemoteConfiguration | None = None
