"""Carries out commands to the devices of an agent: each request once, and each with an answer."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Final

import structlog
from pydantic import ValidationError

from bus_schemas.commands import NoArguments
from bus_schemas.node import Command, Settings
from bus_schemas.protocol import FROM_KEYFRAME, VIDEO, WATCH, CommandRequest
from edge.agent.command_actions import begin
from edge.agent.commands import (
    LONGEST_DETAIL,
    SETTINGS,
    CommandRefused,
    arguments_of,
    change_of,
    check_offered,
    command_of,
    read_request,
)
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.pending_commands import CommandResult, PendingCommands, UnfinishedCommand
from edge.agent.settings_store import SettingsStore
from edge.agent.settings_trial import trouble_with_change
from edge.capture.sources.failure_reasons import describe_error
from producer.relay.bus_messages import Incoming, Outgoing

LONGEST_TOPIC: Final = 1024
RESTART_AGENT: Final = "restart_agent"

log = structlog.get_logger(__name__)


class CommandHandler:
    """Used by the main thread of the agent."""

    def __init__(
        self,
        devices: Mapping[tuple[str, str], DeviceRunner],
        store: SettingsStore,
        emitter: EventEmitter,
        publish: Callable[[Outgoing], None],
        context: AgentContext,
        pending: PendingCommands | None = None,
    ) -> None:
        self._devices = devices
        self._store = store
        self._emitter = emitter
        self._publish = publish
        self._context = context
        self._pending = pending or PendingCommands()
        self._retained: set[str] = set()
        self.restart_asked = False
        """Whether the agent was asked to start again. The sender has its answer."""

    def answer(self, message: Incoming) -> None:
        """Carry out the request of a message, and answer it. It raises nothing for the content of a message."""
        found = command_of(message.topic)
        if found is None or found[:2] not in self._devices:
            return
        if message.retained:
            # A retained command is old: newer commands may have been given since then.
            if message.topic not in self._retained:
                self._retained.add(message.topic)
                log.warning("retained command ignored", topic=message.topic)
            return
        device, name = self._devices[found[:2]], found[2]
        if name == WATCH:
            _watch(device, message)
            return
        outcome, is_repeat = self._outcome(device, name, message)
        if outcome is not None:
            self._finish(device, message, outcome, is_repeat=is_repeat)

    def poll(self) -> None:
        """Answer the requests that were carried out since, and those that were not in time."""
        for one in self._pending.finished():
            pending, result = one.pending, one.result
            request = pending.request
            outcome = (
                _done(pending.name, request, result)
                if result is not None
                else _failed(pending.name, request.request_id, request.person, pending.unfinished.why_not())
            )
            self._finish(pending.device, pending.message, outcome, is_repeat=False)

    def _finish(self, device: DeviceRunner, message: Incoming, outcome: Command, *, is_repeat: bool) -> None:
        if not is_repeat:
            self._emit(device, outcome)
        self._reply(message, outcome)
        name, state, detail = outcome.name, outcome.state, outcome.detail
        log.info("command", device=device.settings.device, name=name, state=state, detail=detail)

    def _outcome(self, device: DeviceRunner, name: str, message: Incoming) -> tuple[Command | None, bool]:
        """The outcome of a request, and whether the request is a repeat; `None` where it comes later."""
        request_id, by = "unknown", None
        try:
            request = read_request(message.payload)
            request_id, by = request.request_id, request.person
            before = self._store.answer(device.event_factory.source, request_id)
            if before is not None:
                return before, True
            if self._pending.has(device, request):
                return None, False
            result = self._carry_out(device, name, request)
            if isinstance(result, UnfinishedCommand):
                self._pending.add(device, name, request, message, result)
                return None, False
        except CommandRefused as refused:
            detail = str(refused)
        except BaseException as error:
            # After any error the sender must get an answer.
            log.exception("command failed", device=device.settings.device, name=name)
            detail = f"the agent could not do it: {describe_error(error)}"
        else:
            return _done(name, request, result), False
        return _failed(name, request_id, by, detail), False

    def _emit(self, device: DeviceRunner, outcome: Command) -> None:
        source = device.event_factory.source
        try:
            draft = device.event_factory.event(outcome, self._context.clock())
        except ValidationError as error:
            log.warning("answer does not fit the contract", device=source, reason=str(error.error_count()))
            return
        # The event is committed before the sender gets the reply.
        self._emitter.put([draft], durable=True)
        if outcome.request_id != "unknown":
            try:
                self._store.remember(source, outcome)
            except OSError as error:
                log.warning("answer cannot be kept", device=source, reason=error.strerror)

    def _reply(self, message: Incoming, outcome: Command) -> None:
        topic = message.response_topic
        if not topic or len(topic) > LONGEST_TOPIC or any(character in topic for character in "+#\0"):
            return
        body = outcome.model_dump_json(exclude_none=True).encode()
        self._publish(Outgoing(topic, body, "application/json", correlation=message.correlation))

    def _carry_out(self, device: DeviceRunner, name: str, request: CommandRequest) -> CommandResult | UnfinishedCommand:
        check_offered(name, device.commands, request)
        if name == SETTINGS:
            self._change_settings(device, request)
            return CommandResult()
        if name == RESTART_AGENT:
            arguments_of(NoArguments, request)
            self.restart_asked = True
            return CommandResult("the agent starts again, with all its devices")
        if self._pending.is_full:
            raise CommandRefused("too many requests wait already", request.request_id, request.person)
        return begin(device, name, request)

    def _change_settings(self, device: DeviceRunner, request: CommandRequest) -> None:
        """Try, apply, store and emit the settings, in this order. If a step fails, the old settings stay in force."""
        change = change_of(request)
        changed = change.applied_to(device.adjustable)
        if (trouble := trouble_with_change(change, changed)) is not None:
            raise CommandRefused(trouble, request.request_id, request.person)
        data = Settings(changed_by=request.person, settings=change.sections(), request_id=request.request_id)
        draft = device.event_factory.event(data, self._context.clock())
        with ExitStack() as undo:
            undo.callback(device.apply, device.adjustable)
            device.apply(changed)
            try:
                undo.callback(self._store.keep(device.event_factory.source, changed))
                self._emitter.put([draft], durable=True)
            except OSError as error:
                reason = f"the settings cannot be kept: {error.strerror or error}"
                raise CommandRefused(reason, request.request_id, request.person) from error
            undo.pop_all()
        try:
            self._store.was_sent(device.event_factory.source, device.settings.in_force(changed))
        except OSError as error:
            # The settings are in force all the same; after the next start the event is emitted once more.
            log.warning("settings cannot be written", device=device.event_factory.source, reason=error.strerror)


def _done(name: str, request: CommandRequest, result: CommandResult) -> Command:
    return Command(
        request_id=request.request_id,
        name=name,
        state="done",
        by=request.person,
        detail=result.detail,
        media=result.media,
    )


def _failed(name: str, request_id: str, by: str | None, reason: str) -> Command:
    return Command(request_id=request_id, name=name, state="failed", by=by, detail=reason[:LONGEST_DETAIL])


def _watch(device: DeviceRunner, message: Incoming) -> None:
    """It comes again and again, and nobody waits for an answer."""
    with suppress(CommandRefused):
        arguments = read_request(message.payload).arguments
        device.watch(arguments.get("kind", VIDEO), from_keyframe=arguments.get(FROM_KEYFRAME) is True)
