"""The section `alerts`: rules, and receivers of alerts."""

from typing import Annotated

from pydantic import Field, model_validator

from bus_schemas.complaints import refuse_duplicates
from consumers.alerting.rules import AlertRules
from edge.agent.settings import Id
from edge.agent.source_settings import EnvName, SettingsModel


class WebhookReceiver(SettingsModel):
    """A receiver of alerts, to which they are posted."""

    name: Id = Field(description="What the log and the system page call it.")
    url_env: EnvName = Field(description="The environment variable with the address; `https://user:password@…` too.")
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5, description="Seconds for a whole post, from the connection to the answer."
    )


class AlertsSection(SettingsModel):
    """Rules, and the receivers of alerts."""

    webhook_url_env: EnvName | None = Field(
        default=None, description="The environment variable with the address of a receiver that is called `webhook`."
    )
    webhooks: tuple[WebhookReceiver, ...] = Field(
        default=(), description="More receivers; each gets every alert, independent of the others."
    )
    rules: AlertRules = Field(default_factory=AlertRules, description="Bounds and durations.")

    @model_validator(mode="after")
    def _once_each(self) -> "AlertsSection":
        refuse_duplicates("receiver", [one.name for one in self.receivers()], "in alerts.webhooks")
        return self

    def receivers(self) -> tuple[WebhookReceiver, ...]:
        """All receivers, with the one of `webhook_url_env`."""
        if self.webhook_url_env is None:
            return self.webhooks
        return (WebhookReceiver(name="webhook", url_env=self.webhook_url_env), *self.webhooks)
