"""Requests that people send to the hub as commands: which of them nobody has answered yet."""

from contextlib import suppress

from pydantic import ValidationError

from bus_schemas.event import HUB, place
from bus_schemas.node import CommandEvent
from consumers.store.journal.record import JournalReader


def is_answer(event: CommandEvent, name: str) -> bool:
    """Whether this ends a request by that name. The hub says so, and no device that knows a command of the name."""
    return event.data.name == name and event.data.state != "asked" and place(event.source)[1] == HUB


def before_unanswered(journal: JournalReader, name: str) -> int:
    """The position before the oldest request by this name that nobody has answered; the head where there is none."""
    head, after, waiting = journal.head(), 0, dict[str, int]()
    while (batch := journal.read(after, (CommandEvent,))).upto > after:
        after = batch.upto
        for record in batch.records:
            # An event that cannot be read is set aside when it is delivered.
            with suppress(ValidationError):
                event = record.event
                assert isinstance(event, CommandEvent)
                if event.data.is_for_hub(name):
                    waiting.setdefault(event.data.request_id, record.position)
                elif is_answer(event, name):
                    waiting.pop(event.data.request_id, None)
    return min(waiting.values(), default=head + 1) - 1
