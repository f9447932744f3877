"""Exchanges a one-time code for an identity: a failure at any step leaves nothing, or what the next round completes."""

from asyncio import to_thread
from typing import Final

import structlog

from bus_schemas.enrolment import AgentChange, Enrolment, EnrolmentRequest, SignedConfiguration
from consumers.views.agents import AgentEntry, devices_by_user
from gateway.agents.changes import AgentReading, publish_agent, read_agent, require_free
from gateway.agents.codes import Code
from gateway.agents.identities import new_user
from gateway.agents.registration import register
from gateway.agents.service import AgentService, code_was_used
from gateway.context import Gateway
from gateway.http.problems import Problem
from producer.locks import LockHeld

FILE_ERRORS: Final = (OSError, ValueError, LockHeld)

_log = structlog.get_logger()


async def exchange(gateway: Gateway, service: AgentService, request: EnrolmentRequest, address: str) -> Enrolment:
    """The journal decides: once it says that the agent is enrolled, the code is used and the user is let in, whatever
    fails after that. Raises `Problem`.
    """
    code = service.find_code(request.code, address, gateway.clock())
    if request.node not in (None, code.node):
        raise Problem(
            409,
            f"the code is for {code.node}, and the machine that sends it is the agent {request.node}: name another"
            " directory with --data, or make a code for its own name",
        )
    async with service.one_by_one:
        agent = await _with_open_code(gateway, code)
        wanted = agent.entry.wanted
        assert wanted is not None, "a code is issued only for an agent with a configuration"
        text = agent.texts[wanted.version]
        await _expect_devices(gateway, service, code, text.configuration)
        with service.files():
            ca, hub_key = service.ca(), service.key.public
            user = new_user(code.node)
            service.accounts.expect(user, request.password_hash, gateway.clock())
        enrolled = AgentChange(node=code.node, state="enrolled", by=code.by, user=user)
        entry = await publish_agent(gateway, enrolled)
    _complete(gateway, service, code, entry)
    return Enrolment(
        node=entry.node,
        user=user,
        broker_host=service.settings.host,
        broker_port=service.settings.port,
        ca=ca,
        hub_key=hub_key,
        configuration=SignedConfiguration(
            node=entry.node,
            version=wanted.version,
            configuration=text.configuration,
            signature=text.signature,
        ),
    )


async def _with_open_code(gateway: Gateway, code: Code) -> AgentReading:
    """The agent that the code is for. Raises `Problem`, also where the code is used by what the journal says."""
    agent = await read_agent(gateway, code.node)
    wanted = agent.entry.wanted
    if agent.entry.code_expires is None:
        raise code_was_used()
    await require_free(gateway, code.node, () if wanted is None else wanted.devices)
    return agent


async def _expect_devices(gateway: Gateway, service: AgentService, code: Code, configuration: str) -> None:
    """From now on they are missed where nothing comes of them. Raises `Problem`."""
    try:
        checked = await to_thread(service.settings.check, code.node, configuration)
    except ValueError as error:
        raise Problem(409, f"the configuration of {code.node} fits this hub no more, set it again: {error}") from error
    await register(gateway, checked.sites, code.by, is_enrolled=True)


def _complete(gateway: Gateway, service: AgentService, code: Code, entry: AgentEntry) -> None:
    """The upkeep of agents does it if it fails here; the journal says that the code is used."""
    try:
        devices = devices_by_user([entry], service.settings.of_the_hub)
        service.accounts.reconcile(devices, entry.former_users, gateway.clock())
        service.codes.cancel(code.node, gateway.clock())
    except FILE_ERRORS as error:
        _log.warning("enrolment is completed later", node=code.node, reason=str(error))
    service.changed.set()
