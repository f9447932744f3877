"""Which addresses only this machine reaches; needs nothing else, for whoever checks a configuration asks it too."""

import ipaddress


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
