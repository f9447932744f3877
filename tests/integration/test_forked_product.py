"""The product that a test has forked runs as the executed one does: its fork server is there before it asks for one."""

import signal
from pathlib import Path

import psutil
import pytest
import yaml

from tests.eventually import eventually
from tests.forked import Forked
from tests.product import Product

pytestmark = pytest.mark.processes

SERVER = "watchpost.processes.fork_server"


def test_it_has_one_fork_server_that_forks_again_what_is_killed_and_all_end_with_it(tmp_path: Path) -> None:
    config = tmp_path / "watchpost.yaml"
    config.write_text(yaml.safe_dump({"sites": [{"site": "TEST"}]}))
    product = Product(tmp_path / "data", ["--config", str(config)], start=Forked)
    try:
        product.start()
        ingest = product.processes()["ingest"]["pid"]
        psutil.Process(ingest).kill()
        eventually(lambda: product.processes()["ingest"]["pid"] not in (None, ingest), what="another ingest")
        children = psutil.Process(product.supervisor()).children(recursive=True)
        # One that was forked just now still has the name of its server.
        forked = {one["pid"] for one in product.processes().values()}
        servers = [child for child in children if SERVER in child.cmdline() and child.pid not in forked]
        code = product.signal(signal.SIGTERM)
    finally:
        product.end()

    assert code == 0
    assert len(servers) == 1
    assert not [line for line in product.lines if "fork server" in line or "Traceback" in line]
    assert not [child for child in children if child.is_running()]
