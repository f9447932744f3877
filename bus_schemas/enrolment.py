"""Events of agents: who enrolled them, their identity at the broker, and the configuration that the hub gives them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bus_schemas.event import NAME, Event, Fact, Moment, Name
from bus_schemas.limits import By, Limit, Text

AgentState = Literal["code_issued", "enrolled", "revoked", "configured", "applied", "refused"]
"""The first four are what people did at the hub, the others what became of a configuration at the agent."""
CONFIGURE = "configure"
"""The command that brings a configuration. Its answer is an event of the agent, not one of the command."""
MAX_CONFIGURATION = 200_000
MAX_NODE_DEVICES = 256
PASSWORD_HASH = r"^\$7\$101\$[A-Za-z0-9+/=]{16}\$[A-Za-z0-9+/=]{88}$"  # noqa: S105 - the form of a hash
"""A password as mosquitto stores it: PBKDF2 with SHA-512, 101 rounds, for a password that was drawn at random."""

DeviceName = Annotated[str, Field(pattern=rf"^{NAME}/{NAME}$")]
"""`SITE/DEVICE`."""
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
ConfigurationText = Annotated[str, Limit(max_length=MAX_CONFIGURATION)]
Signature = Annotated[str, Limit(max_length=128)]


class AgentChange(Fact):
    """What happened to the agent `node`. No secret is in it.

    `user` is its user at the broker. `configuration` is the JSON text that `signature` signs (Ed25519, base64);
    `devices` are those that it names, and the agent speaks for these and no others. `reason` is why it was refused, or
    why somebody set it.
    """

    node: Name
    state: AgentState
    by: By | None = None
    user: By | None = None
    expires: Moment | None = None
    version: Version | None = None
    configuration: ConfigurationText | None = None
    signature: Signature | None = None
    devices: Annotated[tuple[DeviceName, ...], Field(max_length=MAX_NODE_DEVICES)] = ()
    reason: Text | None = None


class AgentEvent(Event):
    type: Literal["watchpost.agent.v1"] = "watchpost.agent.v1"
    data: AgentChange


def signed_bytes(node: str, version: int, configuration: str) -> bytes:
    """What the signature of a configuration covers."""
    return f"watchpost agent configuration\n{node}\n{version}\n{configuration}".encode()


class SignedConfiguration(BaseModel):
    """A configuration as it travels to its agent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    node: Name
    version: Version
    configuration: Annotated[str, Field(max_length=MAX_CONFIGURATION)]
    signature: Annotated[str, Field(max_length=128)]


class EnrolmentRequest(BaseModel):
    """What a device sends to be enrolled. It draws its password itself, and the hub is given only the hash.

    A machine that is an agent already says which one, so that a code for another agent is refused and stays valid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=64, description="The one-time code.")]
    password_hash: Annotated[str, Field(pattern=PASSWORD_HASH, description="As mosquitto keeps it.")]
    node: Annotated[Name | None, Field(description="The agent that this machine is already, if it is one.")] = None


class Enrolment(BaseModel):
    """The identity that the hub gives an agent. Without `broker_host` the broker is where the hub is.

    `hub_key` verifies the signatures of configurations (Ed25519, base64); `ca` is the certificate of the authority that
    signed the broker's, in PEM, or null where the system knows it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    node: Name
    user: str
    broker_host: str | None = None
    broker_port: int
    ca: str | None = None
    hub_key: str
    configuration: SignedConfiguration
