"""The rules about frames: faults of picture and sound begin and end by what the frames of a window show."""

from collections.abc import Iterator, Sequence

from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.evidence import opening
from consumers.alerting.incidents.missing_sound import SOUND, is_silent_since
from consumers.alerting.incidents.verdict import Verdict, ending
from consumers.alerting.rules import AlertRules
from consumers.engine.frame_faults import FRAME_FAULTS, PICTURE_FAULTS, Answers
from consumers.engine.frame_faults import answers as answers_of
from consumers.engine.partial import VERDICTS
from consumers.store.journal.record import Recorded

_NOTHING_JUDGED: Answers = (None,) * len(FRAME_FAULTS)


def judge_frame(watched: Watched, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
    answers, at = answers_of(record.decode(VERDICTS).data), record.time_s
    _know(watched, at, answers, rules)
    watched.frames.add(at, answers, record.id, rules)
    if not watched.frames.bad and (not watched.open or watched.open.keys().isdisjoint(FRAME_FAULTS)):
        return ()
    return [*_turns(watched, record, answers, rules)]


def _know(watched: Watched, at: float, answers: Answers, rules: AlertRules) -> None:
    """Frames of which nothing can be judged for a window make a device unknown; one that can be, known."""
    if answers != _NOTHING_JUDGED:
        watched.blank_since = None
        if not watched.is_known:
            watched.is_known, watched.known_since = True, at
        return
    if watched.blank_since is None or at < watched.blank_since:
        # Its clock may have been set back.
        watched.blank_since = at
    if watched.is_known and at - watched.blank_since > rules.raise_window_s:
        watched.is_known, watched.known_since = False, watched.blank_since


def _turns(watched: Watched, record: Recorded, answers: Answers, rules: AlertRules) -> Iterator[Verdict]:
    window = watched.frames
    for number, (kind, bad) in enumerate(zip(FRAME_FAULTS, answers, strict=True)):
        if bad is None:
            if kind in watched.open and answers != _NOTHING_JUDGED:
                yield from _forgotten(watched, number, record)
            continue
        condition = window.conditions[number]
        if kind not in watched.open:
            if bad and window.is_bad(number, rules) and not _is_of_picture(watched, number, answers):
                yield from _open(watched, number, record, rules)
            elif number == SOUND and window.is_clear(number, rules):
                watched.missing_sound.withheld = None
        elif not bad and window.is_clear(number, rules):
            assert condition.good_since is not None
            yield Verdict(kind, "closed", condition.good_since, (record.id,), {"clear_s": rules.clear_after_s})
            window.restart(number)


def _forgotten(watched: Watched, number: int, record: Recorded) -> Iterator[Verdict]:
    """As sound of a camera that has no microphone any more, of which only the picture is judged."""
    since = watched.frames.unjudged_since(number)
    if since is not None:
        yield Verdict(FRAME_FAULTS[number], "closed", since, (record.id,), ending("not_measured"))
        watched.frames.restart(number)


def _is_of_picture(watched: Watched, number: int, answers: Answers) -> bool:
    return number == SOUND and watched.missing_sound.is_of_picture(watched.frames, answers, watched.open)


def _open(watched: Watched, number: int, record: Recorded, rules: AlertRules) -> Iterator[Verdict]:
    """Sound that was withheld is missing since it failed, which the window may have forgotten."""
    condition = watched.frames.conditions[number]
    first = condition.first_bad
    if number == SOUND:
        first, watched.missing_sound.withheld = watched.missing_sound.withheld or first, None
    found = opening(number, condition, first, record, watched.picture)
    found.details["window_s"] = rules.raise_window_s
    if number != SOUND and (watched.missing_sound.withheld or is_silent_since(watched.frames, first.first_at)):
        found.details["without_sound"] = True
    yield found
    yield from _displaced(watched, number, first.first_at, record)


def _displaced(watched: Watched, number: int, since: float, record: Recorded) -> Iterator[Verdict]:
    """Where a picture has several faults, the first is the incident: the others are over when it begins."""
    kind = FRAME_FAULTS[number]
    for behind, lesser in enumerate(PICTURE_FAULTS):
        if behind > number and kind in PICTURE_FAULTS and lesser in watched.open:
            at = max(since, watched.open[lesser].since)
            yield Verdict(lesser, "closed", at, (record.id,), {"became": kind, "recovered": False})
            watched.frames.restart(behind)
