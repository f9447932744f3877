"""Rules for topics: which source and which type of event may come on each."""

from dataclasses import dataclass, field
from functools import lru_cache

from bus_schemas.catalogue import short_name
from bus_schemas.event import HUB, device_source
from bus_schemas.speakers import DataRule, data_rule
from bus_schemas.topics import BATCH, LONGEST_TOPIC, ROOT, UnknownTopic, parse
from consumers.store.journal.envelope import Envelope

EVENT, MEDIA, STATE = "event", "media", "state"

MAX_EVENT_BYTES = 1024 * 1024

_NEVER = "never"


@dataclass(frozen=True, slots=True, eq=False)
class TopicRule:
    """Events of one source, of one name unless it is `None`."""

    channel: str
    source: str
    site: str
    device: str
    name: str | None
    _data_rules: dict[str, DataRule | str | None] = field(default_factory=dict, repr=False)

    def fits(self, header: Envelope, body: bytes) -> bool:
        """Whether an event is beyond doubt: whole, on its topic, and its source may say it."""
        if header.source != self.source or (header.epoch is None) != (header.sequence is None):
            return False
        if len(body) > MAX_EVENT_BYTES:
            return False
        try:
            rule = self._data_rules[header.type]
        except KeyError:
            rule = self._data_rules[header.type] = self._data_rule(header.type)
        if rule is None:
            return True
        return not isinstance(rule, str) and rule.violation(header.data) is None  # type: ignore[attr-defined]  # each kind of header has it

    def _data_rule(self, event_type: str) -> DataRule | str | None:
        if self.channel != EVENT or (self.name is not None and short_name(event_type) != self.name):
            return _NEVER
        return data_rule(self.source, event_type)


def rule_of(topic: str) -> TopicRule | str | None:
    """Or a sentence that says why nothing may come there; `None` for what others say to each other."""
    # Topics that are longer than those of the contract may differ each time, and are not kept in memory.
    return _rule_of(topic) if len(topic) <= LONGEST_TOPIC else _rule_of.__wrapped__(topic)


@lru_cache(maxsize=8192)
def _rule_of(topic: str) -> TopicRule | str | None:
    try:
        parts = parse(topic)
    except UnknownTopic as error:
        return None if topic.startswith(f"{ROOT}/{HUB}/") else str(error)
    if parts.channel not in (EVENT, MEDIA, STATE):
        return None
    name = None if parts.name == BATCH else parts.name
    return TopicRule(parts.channel, device_source(parts.site, parts.device), parts.site, parts.device, name)
