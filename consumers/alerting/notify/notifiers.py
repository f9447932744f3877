"""The list of ways to notify. A new one is a module with a `Notifier`, and a line here."""

from collections.abc import Callable, Sequence

from consumers.alerting.notify.delivery import Notifier
from consumers.alerting.notify.sink import NotifierSink
from consumers.alerting.notify.webhook import webhook_notifiers
from consumers.hub_config import HubConfig
from producer.ids import utc_now

NOTIFIERS: tuple[Callable[[HubConfig], Sequence[Notifier]], ...] = (webhook_notifiers,)
"""Each makes the notifiers of the receivers that the configuration names."""


def notifier_sink(hub: HubConfig) -> NotifierSink:
    """One durable queue for each receiver, whichever way it is notified."""
    return NotifierSink([notifier for make in NOTIFIERS for notifier in make(hub)], utc_now)
