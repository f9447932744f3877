"""Recognises loopback addresses. Imports nothing else, because the check of a configuration uses it too."""

import ipaddress


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
