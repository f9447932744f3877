"""The broker gets another certificate and other passwords, and nobody is started again."""

from pathlib import Path

import pytest

from bus_schemas.hub import FaultEvent
from consumers.ingest import faults
from mosquitto.launcher import BrokerMissing, free_port, mosquitto_path
from producer.broker import BrokerAddress, Tls
from producer.mqtt import background_client
from tests.eventually import eventually
from tests.production_broker import installed, make_secrets, started
from tests.required import missing
from tests.running_ingest import journaled, running_ingest


def secrets(password: str) -> dict[str, dict[str, str]]:
    return {"passwords": {}, "own_passwords": {"hub": password}}


def reasons(data: Path, state: str) -> list[str]:
    found = [event.data for event in journaled(data, FaultEvent) if isinstance(event, FaultEvent)]
    return [fault.reason for fault in found if (fault.part, fault.state) == ("broker", state)]


def test_a_refused_password_is_told_and_the_new_one_and_a_new_certificate_are_used_as_soon_as_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        mosquitto_path()
    except BrokerMissing as absent:
        missing(str(absent))
    monkeypatch.setattr(faults, "CLEAR_AFTER_S", 0.1)
    folder, data, port, file = tmp_path / "broker", tmp_path / "data", free_port(), tmp_path / "password"
    folder.mkdir()
    file.write_text("first")
    configuration = installed(folder, {8883: free_port(), 8884: port, 9883: free_port()}, secrets("first"))
    broker = BrokerAddress(
        port=port, username="hub", password="first", password_file=file, tls=Tls(ca_file=folder / "server.crt")
    )
    client = background_client(broker, "test", keepalive_s=5, longest_pause_s=1)
    with running_ingest(data, broker):
        with started(configuration, port):
            client.loop_start()
            eventually(client.is_connected, what="a connection")
        make_secrets(folder, secrets("second"))
        with started(configuration, port):
            refused = "127.0.0.1:{port}: the user hub is refused with reason code 0x87"
            eventually(lambda: any(refused.format(port=port) in it for it in reasons(data, "raised")), what="the fault")
            assert not client.is_connected()
            file.write_text("second")
            eventually(client.is_connected, what="a connection with the new password")
            eventually(lambda: reasons(data, "cleared"), what="the end of the fault")
    client.disconnect()
    client.loop_stop()
