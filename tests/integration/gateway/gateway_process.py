"""The gateway as a process of its own, as it is run: a data directory, a port, and the port of a broker."""

import sys
from pathlib import Path

from gateway.server import run
from gateway.settings import GatewaySettings
from producer.broker import BrokerAddress
from tests.integration.gateway.started import hub_of


def main() -> None:
    data, port, broker = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    run(GatewaySettings(port=port), hub_of(data), BrokerAddress(port=broker))


if __name__ == "__main__":
    main()
