"""Limits how often a client may guess a token or a code: a few times at once, then less and less often."""

import hashlib
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from producer.backoff import Backoff

FREE_TRIES = 5
LONGEST_WAIT_S = 300.0
WAITS = Backoff(1.0, LONGEST_WAIT_S, jitter=0)
FORGOTTEN_AFTER_S = 900.0
TRIES_PER_MINUTE = 100
"""Guesses of all addresses together; those from which somebody came in before are not held up by others."""
MOST_ADDRESSES = 10_000
MOST_TOKENS = 32


@dataclass(slots=True)
class _Guesser:
    count: int = 0
    last: float = 0.0
    until: float = 0.0
    tokens: OrderedDict[bytes, None] = field(default_factory=OrderedDict)


class Tries:
    """Wrong tokens by address. The same wrong token again is no new guess: a program may not know of a new one yet.

    `per_minute` limits those of all addresses together; without it nobody is held up by the guesses of others.
    """

    def __init__(self, per_minute: int | None = TRIES_PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._all: deque[float] = deque()

    def wait_s(self, address: str, now: float) -> float:
        """How long this address has to wait before its next try; 0 where it need not."""
        name = network_of(address)
        found = self._guessers.get(name)
        wait = 0.0 if found is None else found.until - now
        while self._all and self._all[0] <= now - 60.0:
            self._all.popleft()
        if self._per_minute is not None and len(self._all) >= self._per_minute and name not in self._known:
            wait = max(wait, self._all[0] + 60.0 - now)
        return max(0.0, wait)

    def failed(self, address: str, token: str, now: float) -> None:
        name = network_of(address)
        guesser = self._guessers.setdefault(name, _Guesser())
        self._guessers.move_to_end(name)
        if now - guesser.last > FORGOTTEN_AFTER_S:
            guesser.count = 0
        digest = hashlib.sha256(token.encode()).digest()
        if digest in guesser.tokens:
            return
        guesser.tokens[digest] = None
        guesser.count, guesser.last = guesser.count + 1, now
        if guesser.count >= FREE_TRIES:
            guesser.until = now + WAITS.after(guesser.count - FREE_TRIES + 1)
        if self._per_minute is not None:
            self._all.append(now)
        _bound(guesser.tokens, MOST_TOKENS)
        _bound(self._guessers, MOST_ADDRESSES)

    def succeeded(self, address: str) -> None:
        name = network_of(address)
        self._guessers.pop(name, None)
        self._known[name] = None
        self._known.move_to_end(name)
        _bound(self._known, MOST_ADDRESSES)


def _bound(held: OrderedDict[str, _Guesser] | OrderedDict[str, None] | OrderedDict[bytes, None], most: int) -> None:
    while len(held) > most:
        held.popitem(last=False)


@lru_cache(1000)
def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address of a client; its IPv4 one also where the gateway listens to both families: `::ffff:192.0.2.7`."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def network_of(address: str) -> str:
    """The client of an IPv6 address owns its whole /64. Everything that is not an address counts as one client."""
    parsed = parsed_address(address)
    if parsed is None:
        return "?"
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else str(parsed)
