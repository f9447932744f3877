"""The section `broker`: the MQTT broker, its TLS, and the listener for enrolled agents."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from edge.agent.source_settings import EnvName, SettingsModel
from producer.loopback import is_loopback
from watchpost.configuration.gateway import Port
from watchpost.configuration.host import Host


class TlsSection(SettingsModel):
    """TLS of the connection to the broker."""

    ca_file: Path | None = Field(
        default=None, description="The authority of the broker's certificate; default those of the system."
    )
    certificate_file: Path | None = Field(
        default=None, description="The client certificate, if the broker asks for one."
    )
    key_file: Path | None = Field(default=None, description="Its key.")


class AgentsSection(SettingsModel):
    """Agents of other machines, which are enrolled with a one-time code: a listener with TLS, passwords and an access
    list of its own at the broker that is started here, or that of a broker elsewhere.
    """

    host: Host = Field(default="0.0.0.0", description="Where the broker that is started here listens for them.")  # noqa: S104 - agents are on other machines
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=8884, description="Where agents connect.")
    names: tuple[Host, ...] = Field(
        default=(),
        max_length=50,
        description="Names and addresses by which agents reach this machine, beside those that it knows itself; they"
        " stand in the certificate.",
    )
    reached_at: Host | None = Field(
        default=None, description="Where agents find the broker; default where they found the hub."
    )
    directory: Path | None = Field(
        default=None,
        description="Where a broker that runs elsewhere reads `passwords` and `acl` of enrolled agents.",
    )
    ca_file: Path | None = Field(
        default=None, description="The authority that agents trust, of a broker that runs elsewhere."
    )


class BrokerSection(SettingsModel):
    """The MQTT broker that everything goes through."""

    start: bool = Field(
        default=True, description="Whether `watchpost up` runs a mosquitto here; false when a broker runs elsewhere."
    )
    host: Host = Field(default="127.0.0.1", description="Where the broker is, or listens when it is started here.")
    port: Port = Field(
        default=11883, description="0 takes a free one. Not 1883: a mosquitto installed by Debian sits there."
    )
    tls: TlsSection | None = Field(default=None, description="If given, even empty, the connection uses TLS.")
    username: str | None = Field(default=None, description="As in the broker's password file.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    password_file: Path | None = Field(
        default=None, description="Or the file that holds it, which is read for each connection."
    )
    agents: AgentsSection | None = Field(
        default=None, description="If given, even empty, agents of other machines can be enrolled."
    )

    @model_validator(mode="after")
    def _users_of_agents(self) -> "BrokerSection":
        agents = self.agents
        if agents is None:
            return self
        if self.start and (agents.directory or agents.ca_file):
            raise ValueError(
                "the broker that is started here makes its own certificate and users: agents.directory and"
                " agents.ca_file are for one that runs elsewhere"
            )
        if not self.start and agents.directory is None:
            raise ValueError("set agents.directory to where the broker that runs elsewhere reads its users")
        if self.start and agents.port == self.port:
            raise ValueError(f"agents.port {agents.port} is that of the broker itself")
        return self

    @model_validator(mode="after")
    def _ours_is_here(self) -> "BrokerSection":
        if self.start and not is_loopback(self.host):
            raise ValueError(
                f"the broker that is started here listens on loopback only; for '{self.host}' set start: false"
            )
        if self.start and (self.tls or self.username):
            raise ValueError(
                "the broker that is started here needs no tls and no username; for another set start: false"
            )
        return self
