"""Counts for how many minutes each device of a site was in which condition, by buckets of time."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consumers.views.condition_minutes.codes import CODE_OF_EVIDENCE, CODES, code_of
from consumers.views.mosaics import incident_times
from consumers.views.mosaics.incident_times import HeldTime, SecondsRange
from consumers.views.mosaics.minute_state import condition_of_type

Codes = npt.NDArray[np.uint8]
"""Shape (minutes,): of each minute the place of its condition in `CODES`."""

_OF_EVIDENCE = np.frombuffer(CODE_OF_EVIDENCE, np.uint8)


@dataclass(frozen=True, slots=True)
class DeviceShares:
    """By bucket, the minutes in each of `CODES`, and the type that was worst: of equally bad ones the longest."""

    device: str
    minutes: list[list[int]]
    worst: list[str | None]


class Buckets:
    """Whole minutes since 1970, cut at `edges`; the last edge is the end."""

    def __init__(self, edges: Sequence[int]) -> None:
        self.first, self.last = edges[0], edges[-1]
        self.count = len(edges) - 1
        self._starts = np.asarray(edges[:-1], np.int64) - self.first
        self._bucket_of_minute = np.repeat(np.arange(self.count), np.diff(edges))

    @property
    def length(self) -> int:
        return self.last - self.first

    def counts(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Shape (buckets, conditions)."""
        kinds = len(CODES)
        return np.bincount(self._bucket_of_minute * kinds + codes, minlength=self.count * kinds).reshape(-1, kinds)

    def most(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Shape (buckets,): more where the worst of the minutes is worse, or more of them are bad at all."""
        worst = np.maximum.reduceat(codes, self._starts).astype(np.int64)
        return worst * (self.length + 1) + np.bincount(self._bucket_of_minute, codes > 0, self.count).astype(np.int64)


def shares(view: sqlite3.Connection, site: str, edges: Sequence[int]) -> list[DeviceShares]:
    """The shares of every device of which anything is known in that time. `edges` are ascending minutes since 1970.

    An incident that goes on counts up to the last of them.
    """
    buckets = Buckets(edges)
    seen = _minutes(view, site, buckets)
    types: defaultdict[str, dict[str, Codes]] = defaultdict(dict)
    _enter_faults(view, site, buckets, types)
    for one in incident_times.held_in(view, site, SecondsRange(buckets.first * 60, buckets.last * 60)):
        _enter_incident(one, buckets, types[one.device])
    unseen = np.zeros(buckets.length, np.uint8)
    return [
        _device_shares(device, seen.get(device, unseen), types.get(device, {}), buckets)
        for device in sorted({*seen, *types})
    ]


def _minutes(view: sqlite3.Connection, site: str, buckets: Buckets) -> dict[str, Codes]:
    """By device the evidence of its minutes. Hours are read whole, and what lies outside is cut off."""
    first, last = buckets.first // 60, -(-buckets.last // 60)
    hours: defaultdict[str, list[int]] = defaultdict(list)
    rows: defaultdict[str, list[bytes]] = defaultdict(list)
    query = "select device, hour, minutes from hours where site = ? and hour >= ? and hour < ?"
    for device, hour, minutes in view.execute(query, (site, first, last)):
        hours[device].append(hour - first)
        rows[device].append(minutes)
    return {device: _placed(hours[device], rows[device], last - first)[_cut(buckets, first)] for device in hours}


def _placed(hours: list[int], rows: list[bytes], count: int) -> Codes:
    placed = np.zeros((count, 60), np.uint8)
    placed[hours] = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 60)
    return placed.reshape(-1)


def _cut(buckets: Buckets, first_hour: int) -> slice:
    begin = buckets.first - first_hour * 60
    return slice(begin, begin + buckets.length)


def _enter_faults(
    view: sqlite3.Connection, site: str, buckets: Buckets, types: defaultdict[str, dict[str, Codes]]
) -> None:
    """By device and fault, the condition that it gave to each minute; 0 where there was none of it."""
    first, last = buckets.first // 60, -(-buckets.last // 60)
    query = "select device, type, hour, minutes from faults where site = ? and hour >= ? and hour < ?"
    for device, fault, hour, minutes in view.execute(query, (site, first, last)):
        codes = types[device].setdefault(fault, np.zeros(buckets.length, np.uint8))
        bad = np.flatnonzero([minutes >> minute & 1 for minute in range(60)]) + hour * 60 - buckets.first
        codes[bad[(bad >= 0) & (bad < buckets.length)]] = code_of(condition_of_type(fault))


def _enter_incident(one: HeldTime, buckets: Buckets, types: dict[str, Codes]) -> None:
    codes = types.setdefault(one.type, np.zeros(buckets.length, np.uint8))
    begin, end = (max(0, minute - buckets.first) for minute in one.minutes(buckets.last))
    np.maximum(codes[begin:end], code_of(one.condition), out=codes[begin:end])


def _device_shares(device: str, seen: Codes, types: dict[str, Codes], buckets: Buckets) -> DeviceShares:
    codes = _OF_EVIDENCE[seen]
    for of_type in types.values():
        codes = np.maximum(codes, of_type)
    return DeviceShares(device, buckets.counts(codes).tolist(), _worst(types, buckets))


def _worst(types: dict[str, Codes], buckets: Buckets) -> list[str | None]:
    """A condition that is no worse than well counts as none: a device that was switched off on purpose."""
    bad = {kind: np.where(codes > code_of("ok"), codes, 0) for kind, codes in sorted(types.items())}
    if not bad:
        return [None] * buckets.count
    names, ranks = list(bad), np.stack([buckets.most(codes) for codes in bad.values()])
    return [
        names[at] if rank else None for at, rank in zip(ranks.argmax(axis=0), ranks.max(axis=0).tolist(), strict=True)
    ]
