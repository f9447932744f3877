"""The wording of many alerts in one sentence."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from bus_schemas.condition import incident_words
from consumers.alerting.alerts.wording import first_of
from consumers.alerting.incidents.verdict import ENDINGS

RETURN = frozenset({("device_offline", "cleared"), ("device_degraded", "cleared"), ("device_recovered", "raised")})
"""Types and states of alerts that say that a device is back."""
_MANY: dict[tuple[str, str], str] = {
    ("device_offline", "raised"): "are offline",
    ("device_offline", "cleared"): "are not offline any more",
    ("node_offline", "raised"): "are offline",
    ("node_offline", "cleared"): "are not offline any more",
    ("device_degraded", "raised"): "are experiencing connection issues",
    ("device_degraded", "cleared"): "have no connection issues any more",
    ("device_recovered", "raised"): "have recovered",
    ("blackscreen", "raised"): "show a black screen",
    ("blackscreen", "cleared"): "show a picture again",
    ("freeze", "raised"): "have a frozen picture",
    ("freeze", "cleared"): "have a moving picture again",
    ("corrupt_rows", "raised"): "have a smeared picture",
    ("corrupt_rows", "cleared"): "have a whole picture again",
    ("macroblocks", "raised"): "have a picture that breaks into blocks",
    ("macroblocks", "cleared"): "have a picture without loose blocks again",
    ("audio_loss", "raised"): "have lost their audio",
    ("audio_loss", "cleared"): "have audio again",
    ("hot_spot", "raised"): "have a hot spot",
    ("hot_spot", "cleared"): "have no hot spot any more",
}
_WITHDRAWN: Final = "withdrawn"
_LOST: Final = "lost"
_REPLACED: Final = "replaced"
_NOT_GOOD: Mapping[str, str] = {
    _WITHDRAWN: "are not watched any more, or may be silent for so long",
    _LOST: "have gone offline",
    _REPLACED: "have another fault now",
}
"""The words for alerts that were cleared although nothing has become good, by what stands in place of their state."""


class AlertName(NamedTuple):
    """The parts of an alert that a sentence about many alerts needs."""

    site: str
    device: str
    camera_name: str
    type: str
    state: str
    message: str


def grouped_state(state: str, details: Mapping[str, Any]) -> str:
    """The state of an alert, or what to say in place of it."""
    became = details.get("became")
    if became is None:
        return state
    return _WITHDRAWN if became in ENDINGS else _LOST if became == "offline" else _REPLACED


def grouped_message(alerts: Sequence[AlertName]) -> str:
    """A sentence about many alerts: what, where, how many, and the first names."""
    sites, devices = list({one.site: None for one in alerts}), {(one.site, one.device): one for one in alerts}
    names = first_of([one.camera_name for one in devices.values()], ", ")
    where = sites[0] if len(sites) == 1 else f"{len(sites)} sites"
    kinds = {(one.type, one.state) for one in alerts}
    if len(devices) == 1:
        return first_of(list(dict.fromkeys(one.message for one in alerts)), "; ")
    states = {state for _, state in kinds}
    if len(kinds) == 1 or (len(states) == 1 and states <= _NOT_GOOD.keys()):
        return f"{len(devices)} devices of {where} {_what(*kinds.pop())}: {names}"
    if kinds <= RETURN:
        return f"{len(devices)} devices of {where} are back: {names}"
    raised = sum(one.state == "raised" for one in alerts)
    return f"{len(alerts)} alerts of {where}: {raised} raised, {len(alerts) - raised} cleared: {names}"


def _what(alert_type: str, state: str) -> str:
    known = _NOT_GOOD.get(state) or _MANY.get((alert_type, state))
    words = incident_words(alert_type)
    return known or (f"have an alert ({words})" if state == "raised" else f"have no alert any more ({words})")
