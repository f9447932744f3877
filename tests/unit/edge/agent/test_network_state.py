"""The networks of the machine, as a heartbeat says them."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from bus_schemas.agent import NetworkState
from edge.agent.network_state import networks

ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t0000FEA9\t00000000\t0001\t0\t0\t1000\t0000FFFF\t0\t0\t0
"""
WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   49.  -61.  -256        0      0      0      0      0        0
 wlan1: 0000    0.  -256.  -256        0      0      0      0      0        0
"""


def test_the_network_that_is_used_comes_first_with_its_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "route").write_text(ROUTE)
    (tmp_path / "wireless").write_text(WIRELESS)
    states = {
        name: SimpleNamespace(isup=up, speed=speed)
        for name, up, speed in (("lo", True, 0), ("eth0", True, 1000), ("wlan0", True, 0), ("docker0", False, 0))
    }
    monkeypatch.setattr(psutil, "net_if_stats", lambda: states)

    assert networks(tmp_path) == (
        NetworkState(name="wlan0", is_up=True, is_used=True, signal_dbm=-61.0),
        NetworkState(name="eth0", is_up=True, speed_mbit=1000),
    )


@pytest.mark.parametrize("text", ["", "x", "\n\n", "a\nb\n: \nwlan0: 0000 many few", "a\nb\nwlan0: 0 1"])
def test_what_the_kernel_does_not_say_is_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "route").write_text(text)
    (tmp_path / "wireless").write_text(text)

    assert all(one.signal_dbm is None and not one.is_used for one in networks(tmp_path))
    assert networks(tmp_path / "away") == networks(tmp_path)
