"""Numbers the conditions of a minute, from the least to the most urgent."""

from bus_schemas.condition import SEVERITY, Condition
from consumers.views.minute_evidence import MinuteEvidence

CODES: tuple[str, ...] = ("no_data", *SEVERITY)


def code_of(condition: Condition) -> int:
    """The place of a condition in `CODES`."""
    return SEVERITY[condition] + 1


def _code(evidence: MinuteEvidence) -> int:
    if evidence is MinuteEvidence.NONE:
        return 0
    return code_of("ok" if evidence.is_well else "unknown")


CODE_OF_EVIDENCE = bytes(map(_code, MinuteEvidence))
"""By evidence, the code of a minute without faults and incidents."""
