"""The section `alerts`: rules, and receivers of alerts."""

import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from bus_schemas.complaints import refuse_duplicates
from consumers.alerting.rules import AlertRules
from consumers.hub_config import MailSecurity
from edge.agent.settings import Id
from edge.agent.source_settings import EnvName, SettingsModel

LONGEST_NAME: Final = 64
_USUAL_PORT: Final[dict[MailSecurity, int]] = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def _check_address(address: str) -> str:
    if _ADDRESS.fullmatch(address) is None:
        raise ValueError(f"{address!r} is not a mail address; write it as anna@example.org")
    return address


MailAddress = Annotated[str, Field(max_length=254), AfterValidator(_check_address)]


class WebhookReceiver(SettingsModel):
    """A receiver of alerts, to which they are posted."""

    name: Id = Field(description="What the log and the system page call it.")
    url_env: EnvName = Field(description="The environment variable with the address; `https://user:password@…` too.")
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5, description="Seconds for a whole post, from the connection to the answer."
    )


class MailReceiver(SettingsModel):
    """People who get alerts by e-mail, and the server that takes the mails."""

    name: Id = Field(description="What the log and the system page call it.")
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/@]+$")] = Field(
        description="The SMTP server."
    )
    port: Annotated[int, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Its port; default 587 with `starttls`, 465 with `tls`, 25 with `none`."
    )
    security: MailSecurity = Field(
        default="starttls",
        description="Encrypted from a command on, from the beginning, or never; a server that cannot gets no mail.",
    )
    user_env: EnvName | None = Field(
        default=None, description="The environment variable with the user to sign in as; none signs in nobody."
    )
    password_env: EnvName | None = Field(default=None, description="The environment variable with the password.")
    ca_file: Path | None = Field(
        default=None, description="The authority of the server's certificate; default those of the machine."
    )
    sender: MailAddress = Field(description="The address that the mails come from.")
    to: tuple[MailAddress, ...] = Field(
        min_length=1, max_length=50, description="Addresses; each gets mails of its own, independent of the others."
    )
    timeout_s: Annotated[float, Field(gt=0, le=300)] = Field(
        default=30, description="Seconds for a whole mail, from the connection to the answer."
    )

    @model_validator(mode="after")
    def _signs_in_whole(self) -> Self:
        if (self.user_env is None) is not (self.password_env is None):
            raise ValueError("user_env and password_env belong together")
        if self.user_env is not None and self.security == "none":
            raise ValueError("security: none would send the password in clear; use starttls or tls")
        return self

    @property
    def port_in_use(self) -> int:
        return _USUAL_PORT[self.security] if self.port is None else self.port

    def recipients(self) -> dict[str, str]:
        """Each address by the name of its receiver: that of the section where there is one address."""
        if len(self.to) == 1:
            return {self.name: self.to[0]}
        return {_receiver_name(self.name, address): address for address in self.to}


def _receiver_name(name: str, address: str) -> str:
    """The name stays when the list is sorted anew, so that what waits goes to whom it was meant for."""
    return f"{name}-{re.sub('[^A-Za-z0-9]+', '-', address)}"[:LONGEST_NAME]


class AlertsSection(SettingsModel):
    """Rules, and the receivers of alerts."""

    webhook_url_env: EnvName | None = Field(
        default=None, description="The environment variable with the address of a receiver that is called `webhook`."
    )
    webhooks: tuple[WebhookReceiver, ...] = Field(
        default=(), description="More receivers; each gets every alert, independent of the others."
    )
    mails: tuple[MailReceiver, ...] = Field(default=(), description="Receivers by e-mail; each gets every alert.")
    rules: AlertRules = Field(default_factory=AlertRules, description="Bounds and durations.")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        refuse_duplicates("receiver", [one.name for one in self.receivers()], "in alerts.webhooks")
        for mail in self.mails:
            refuse_duplicates("address", [address.casefold() for address in mail.to], f"in the receiver {mail.name}")
        names = [one.name for one in self.receivers()] + [name for mail in self.mails for name in mail.recipients()]
        refuse_duplicates("receiver", names, "in alerts")
        return self

    def receivers(self) -> tuple[WebhookReceiver, ...]:
        """All receivers of posts, with the one of `webhook_url_env`."""
        if self.webhook_url_env is None:
            return self.webhooks
        return (WebhookReceiver(name="webhook", url_env=self.webhook_url_env), *self.webhooks)
