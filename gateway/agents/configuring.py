"""Sets the configuration of an agent: checked, signed, numbered, and said in the journal."""

from asyncio import to_thread
from dataclasses import dataclass

from bus_schemas.enrolment import AgentChange
from consumers.views.agents import AgentEntry
from gateway.agents.changes import publish_agent, require_free
from gateway.agents.registration import register
from gateway.agents.service import AgentService
from gateway.context import Gateway
from gateway.http.problems import Problem


@dataclass(frozen=True, slots=True)
class WantedConfiguration:
    """A configuration that somebody wants an agent to run, with the reason."""

    text: str
    by: str
    reason: str | None = None


async def set_configuration(gateway: Gateway, service: AgentService, node: str, wanted: WantedConfiguration) -> None:
    """Raises `Problem`."""
    try:
        checked = await to_thread(service.settings.check, node, wanted.text)
    except ValueError as error:
        raise Problem(400, str(error)) from error
    async with service.one_by_one:
        with service.files():
            service.key.load()
        known = await require_free(gateway, node, checked.devices)
        await register(gateway, checked.sites, wanted.by, is_enrolled=known is not None and known.is_enrolled)
        version = _next_version(known)
        change = AgentChange(
            node=node,
            state="configured",
            by=wanted.by,
            version=version,
            configuration=checked.text,
            signature=service.key.sign(node, version, checked.text),
            devices=checked.devices,
            reason=wanted.reason,
        )
        await publish_agent(gateway, change)
    service.changed.set()


def _next_version(known: AgentEntry | None) -> int:
    """Above one that the agent runs and this hub does not know, too: it takes nothing older."""
    return 1 if known is None else 1 + max(known.newest_version, known.forgotten or 0)
