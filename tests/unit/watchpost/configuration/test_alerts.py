"""Receivers of alerts in a watchpost.yaml."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import hub_config
from watchpost.configuration.secrets import check
from watchpost.configuration.yaml_loader import ConfigError

MAIL: dict[str, Any] = {"name": "guards", "host": "smtp.example", "sender": "hub@example.org", "to": ["a@example.org"]}


def with_mails(*mails: dict[str, Any], **alerts: Any) -> WatchpostConfig:
    return WatchpostConfig.model_validate({"alerts": {"mails": mails, **alerts}})


@pytest.mark.parametrize(
    ("security", "port"), [({}, 587), ({"security": "tls"}, 465), ({"security": "none"}, 25), ({"port": 2525}, 2525)]
)
def test_a_mail_server_is_asked_at_the_usual_port_unless_one_is_named(security: dict[str, Any], port: int) -> None:
    hub = hub_config(with_mails(MAIL | security), Path("data"), {}, ("webhook",))

    assert [(mail.name, mail.recipient, mail.server.port) for mail in hub.mails] == [("guards", "a@example.org", port)]


def test_each_of_several_addresses_is_a_receiver_that_keeps_its_name_in_another_order() -> None:
    def names(*to: str) -> dict[str, str]:
        return with_mails(MAIL | {"to": to}).alerts.mails[0].recipients()

    assert names("a@example.org", "b.c@example.org") == {
        "guards-a-example-org": "a@example.org",
        "guards-b-c-example-org": "b.c@example.org",
    }
    assert names("b.c@example.org", "a@example.org") == names("a@example.org", "b.c@example.org")


def test_links_of_a_mail_lead_to_the_address_that_browsers_know() -> None:
    config = WatchpostConfig.model_validate(
        {"alerts": {"mails": [MAIL]}, "gateway": {"public_url": "https://Hub.example/"}}
    )

    assert hub_config(config, Path("data"), {}, ("webhook",)).mails[0].page == "https://hub.example"


@pytest.mark.parametrize(
    ("mails", "more", "why"),
    [
        ([MAIL | {"user_env": "USER"}], {}, "user_env and password_env belong together"),
        (
            [MAIL | {"user_env": "U", "password_env": "P", "security": "none"}],
            {},
            "security: none would send the password in clear",
        ),
        (
            [MAIL | {"to": ["A@example.org", "a@example.org"]}],
            {},
            "'a@example.org' stands twice in the receiver guards",
        ),
        ([MAIL | {"to": []}], {}, "at least 1 item"),
        ([MAIL | {"to": ["a@example.org\r\nBcc: b@example.org"]}], {}, "is not a mail address"),
        ([MAIL | {"to": ["nobody"]}], {}, "'nobody' is not a mail address; write it as"),
        ([MAIL | {"host": "smtp example"}], {}, "should match pattern"),
        ([MAIL, MAIL], {}, "receiver 'guards' stands twice in alerts"),
        ([MAIL], {"webhooks": [{"name": "guards", "url_env": "HOOK"}]}, "receiver 'guards' stands twice in alerts"),
    ],
)
def test_a_receiver_that_cannot_work_is_refused(mails: list[dict[str, Any]], more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        with_mails(*mails, **more)


def test_a_missing_password_is_named_and_only_asked_for_by_who_sends_mails() -> None:
    config = with_mails(MAIL | {"user_env": "MAIL_USER", "password_env": "MAIL_PASSWORD"})

    assert hub_config(config, Path("data"), {}).mails == ()
    with pytest.raises(ConfigError, match="MAIL_PASSWORD"):
        check(config, {"MAIL_USER": "hub"})
    with pytest.raises(ConfigError, match="MAIL_USER"):
        hub_config(config, Path("data"), {}, ("webhook",))
    known = hub_config(config, Path("data"), {"MAIL_USER": "hub", "MAIL_PASSWORD": "x1y2"}, ("webhook",))
    assert (known.mails[0].server.user, known.mails[0].server.password) == ("hub", "x1y2")
    assert "x1y2" not in repr(known)
