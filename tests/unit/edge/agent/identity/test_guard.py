"""What an agent says of a broker that it has never reached: until it knows that its devices are its own, nothing else
does.
"""

from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from edge.agent.identity import guard as guards
from edge.agent.identity.guard import IdentityGuard, guarding
from edge.agent.identity.instance import Instance
from mosquitto.launcher import free_port
from producer.broker import BrokerAddress
from producer.ids import utc_now
from tests.eventually import eventually


def made(port: int) -> IdentityGuard:
    return IdentityGuard(Instance.begin("pi-1", utc_now()), ["/sites/YARD/devices/GATE"], BrokerAddress(port=port))


def test_an_agent_that_reaches_no_broker_says_why() -> None:
    with capture_logs() as logs, guarding(made(port := free_port())):
        said = eventually(lambda: [one for one in logs if one["event"] == "broker unreachable"])

    assert said[0]["broker"] == f"127.0.0.1:{port}"
    assert said[0]["reason"] == "nothing listens there (connection refused)"


def test_a_reason_is_said_once_until_another_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    client = SimpleNamespace()
    monkeypatch.setattr(guards, "background_client", lambda *_, **__: client)
    made(1883)
    with capture_logs() as logs:
        for reason in ("refused", "refused", "unknown", "unknown", "refused"):
            client.on_unreachable(reason)

    assert [one["reason"] for one in logs] == ["refused", "unknown", "refused"]
