"""The part of the configuration about alerts: when they are raised, and whom they reach."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from edge.agent.settings import Id
from edge.agent.source_settings import EnvName, Part
from watchpost.configuration.sites import refuse_doubled

Percent = Annotated[float, Field(ge=0, le=100)]


class AlertRules(Part):
    """When people are told."""

    offline_after_s: PositiveFloat = Field(default=30, description="Seconds without anything received from a device.")
    hot_spot_c: float = Field(default=80, description="°C; a hotter pixel is a hot spot.")
    hot_spot_hysteresis_c: PositiveFloat = Field(default=2, description="°C below it that end the hot spot.")
    raise_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.8, description="Share of bad frames in the window to raise."
    )
    raise_window_s: PositiveFloat = Field(default=30, description="Seconds of that window.")
    clear_after_s: PositiveFloat = Field(default=5, description="Seconds without a bad frame to clear.")
    hot_spot_clear_s: NonNegativeFloat = Field(default=30, description="Seconds below it, with that margin, to clear.")
    storage_low_percent: Percent = Field(default=85, description="Use of a disk from which it is low.")
    storage_critical_percent: Percent = Field(default=95, description="Use of a disk from which that is critical.")
    storage_hysteresis_percent: Percent = Field(default=2, description="So much less used, a disk is not low any more.")
    cool_down_s: NonNegativeFloat = Field(
        default=300, description="Seconds between two alerts of one kind and device, at least."
    )

    @model_validator(mode="after")
    def _low_before_critical(self) -> "AlertRules":
        if self.storage_low_percent > self.storage_critical_percent:
            raise ValueError(
                f"storage_low_percent ({self.storage_low_percent}) must not be above"
                f" storage_critical_percent ({self.storage_critical_percent})"
            )
        return self


class WebhookReceiver(Part):
    """Somebody to whom alerts are posted."""

    name: Id = Field(description="What the log and the system page call it.")
    url_env: EnvName = Field(description="The environment variable with the address; `https://user:password@…` too.")
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5, description="Seconds for a whole post, from the connection to the answer."
    )


class Alerts(Part):
    """Rules, and whom they reach."""

    webhook_url_env: EnvName | None = Field(
        default=None, description="The environment variable with the address of a receiver that is called `webhook`."
    )
    webhooks: tuple[WebhookReceiver, ...] = Field(
        default=(), description="More receivers; each gets every alert, whatever the others make of it."
    )
    rules: AlertRules = Field(default_factory=AlertRules, description="Bounds and durations.")

    @model_validator(mode="after")
    def _once_each(self) -> "Alerts":
        refuse_doubled("receiver", [one.name for one in self.receivers()], "in alerts.webhooks")
        return self

    def receivers(self) -> tuple[WebhookReceiver, ...]:
        """All of them, also the one that `webhook_url_env` gives."""
        if self.webhook_url_env is None:
            return self.webhooks
        return (WebhookReceiver(name="webhook", url_env=self.webhook_url_env), *self.webhooks)
