"""A minute of a device in one byte: how well it is known to be in the lowest three bits, and a bit for each fault."""

from bus_schemas.camera import FRAME_FAULTS
from bus_schemas.condition import SEVERITY, Condition
from consumers.engine.frame_faults import FrameFault
from consumers.views.minute_evidence import MinuteEvidence
from consumers.views.mosaics.minute_state import condition_of_type

_EVIDENCE = 0b111
_FAULTS: dict[FrameFault, int] = {fault: 8 << number for number, fault in enumerate(FRAME_FAULTS)}
assert max(_FAULTS.values()) < 256, "a byte has room for five faults; more need another version of the view"

CODES: tuple[str, ...] = ("no_data", *SEVERITY)
"""The conditions of a minute, from the least to the most urgent."""


def minute_byte(evidence: MinuteEvidence, wrong: tuple[FrameFault, ...] = ()) -> int:
    return sum((_FAULTS[fault] for fault in wrong), int(evidence))


def merged(one: int, other: int) -> int:
    """What both say together, in any order."""
    return max(one & _EVIDENCE, other & _EVIDENCE) | (one | other) & ~_EVIDENCE


def code_of(condition: Condition) -> int:
    return SEVERITY[condition] + 1


def has_fault(fault: FrameFault) -> bytes:
    """By byte, the code of the condition that this fault gives to the minute, or 0."""
    code = code_of(condition_of_type(fault))
    return bytes(code if byte & _FAULTS[fault] else 0 for byte in range(256))


def _code(byte: int) -> int:
    evidence = byte & _EVIDENCE
    if evidence == MinuteEvidence.NONE:
        return 0
    known = code_of(
        "ok"
        if MinuteEvidence.SAID <= evidence <= MinuteEvidence.JUDGED and MinuteEvidence(evidence).is_well
        else "unknown"
    )
    return max((known, *(code_of(condition_of_type(fault)) for fault, bit in _FAULTS.items() if byte & bit)))


CODE_OF_BYTE = bytes(_code(byte) for byte in range(256))
"""By byte, the code of the condition without incidents."""
