"""Places for connections: none of the network takes those of this machine, or of another client."""

from gateway.http.connections import Census
from gateway.http.guess_limit import network_of
from gateway.settings import ConnectionLimits

LIMITS = ConnectionLimits(connections=40, connections_per_address=10)


def entered(census: Census, *addresses: str) -> int:
    return sum(census.enter(address) is None for address in addresses)


def test_others_leave_a_tenth_of_the_places_to_this_machine_and_its_proxies() -> None:
    census = Census(LIMITS, ["127.0.0.1", "10.1.0.0/16"])

    assert entered(census, *[f"192.0.2.{number}" for number in range(60)]) == 36
    assert census.enter("192.0.2.99") == "the gateway has 36 connections, which is all that it takes"
    assert entered(census, *["127.0.0.1", "10.1.2.3"] * 4) == 4
    assert census.enter("127.0.0.1") == "the gateway has 40 connections, which is all that it takes"


def test_a_client_of_ipv6_has_one_share_however_many_addresses_it_has() -> None:
    census = Census(LIMITS, [])

    assert entered(census, *[f"2001:db8:0:1::{number:x}" for number in range(30)]) == 10
    assert entered(census, "2001:db8:0:2::1") == 1
    for _ in range(10):
        census.leave("2001:db8:0:1::ffff")
    assert entered(census, "2001:db8:0:1::5") == 1


def test_clients_of_ipv4_are_told_apart_where_the_gateway_listens_to_both_families() -> None:
    census = Census(LIMITS, ["127.0.0.1"])

    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert entered(census, *["::ffff:192.0.2.7"] * 20) == 10
    assert entered(census, "::ffff:192.0.2.8") == 1
    assert entered(census, *["::ffff:127.0.0.1"] * 20) == 20
