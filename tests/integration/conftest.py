"""A broker with the configuration for more than one machine."""

from collections.abc import Iterator

import pytest

from mosquitto.launcher import BrokerMissing, free_port, mosquitto_path
from tests.production_broker import installed, started
from tests.production_clients import SECRETS, Production
from tests.required import missing


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    try:
        mosquitto_path()
    except BrokerMissing as absent:
        missing(str(absent))
    folder = tmp_path_factory.mktemp("production")
    port, own_port, websockets_port = free_port(), free_port(), free_port()
    configuration = installed(folder, {8883: port, 8884: own_port, 9883: websockets_port}, SECRETS)
    with started(configuration, port) as tls:
        yield Production(port, own_port, websockets_port, tls, folder)
