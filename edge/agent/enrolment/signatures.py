"""Verifies that a configuration is from the hub that enrolled this machine, and for this agent."""

from base64 import b64decode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bus_schemas.enrolment import SignedConfiguration, signed_bytes


class NotFromTheHub(ValueError):
    """The configuration is for another agent, or nobody with the key of the hub has signed it."""


def verify(signed: SignedConfiguration, node: str, hub_key: str) -> None:
    """Raises `NotFromTheHub`."""
    if signed.node != node:
        raise NotFromTheHub(f"the configuration is for {signed.node}, not for {node}")
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(hub_key, validate=True))
        signature = b64decode(signed.signature, validate=True)
        key.verify(signature, signed_bytes(node, signed.version, signed.configuration))
    except (ValueError, InvalidSignature) as error:
        raise NotFromTheHub("the configuration is not signed by the hub that enrolled this machine") from error
