"""The list of ways to notify. A new one is a module with a `Notifier`, and a line here."""

from collections.abc import Callable, Sequence

from consumers.alerting.notify.delivery import Notifier
from consumers.alerting.notify.sink import NotifierSink
from consumers.hub_config import HubConfig
from producer.ids import utc_now


def _webhooks(hub: HubConfig) -> Sequence[Notifier]:
    if not hub.webhooks:
        return ()
    # Its HTTP client takes 11 MB, which every process would have that knows the list of consumers.
    from consumers.alerting.notify.webhook import WebhookNotifier

    return [WebhookNotifier(webhook) for webhook in hub.webhooks]


def _mails(hub: HubConfig) -> Sequence[Notifier]:
    if not hub.mails:
        return ()
    # `email` and `smtplib` take 2 MB, for the same reason.
    from consumers.alerting.notify.mail import MailNotifier

    return [MailNotifier(delivery, hub.data) for delivery in hub.mails]


NOTIFIERS: tuple[Callable[[HubConfig], Sequence[Notifier]], ...] = (_webhooks, _mails)
"""Each makes the notifiers of the receivers that the configuration names."""


def notifier_sink(hub: HubConfig) -> NotifierSink:
    """One durable queue for each receiver, whichever way it is notified."""
    return NotifierSink([notifier for make in NOTIFIERS for notifier in make(hub)], utc_now)
