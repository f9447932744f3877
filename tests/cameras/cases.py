"""The cases: what cameras were seen to do, each with what must come of it.

A camera that sends pictures which can be decoded is recorded, whatever its clocks say. What cannot be recorded is told
in a sentence. A good camera beside it is recorded as if it were alone.
"""

from dataclasses import replace
from typing import Final

from tests.cameras import files, mjpeg, script
from tests.cameras.case import NOTHING, Case, Expected, FileCase, HttpCase, RtspCase
from tests.cameras.media import RATE, huge_jpeg, jpeg, of_stated_size, sound, video
from tests.cameras.script import HangUp, Script, WrongLength, pictures, said, together, tone

GOOD: Final = "good"
PASSWORD: Final = "p@ss:w/r?d%[1]#"
HOUR: Final = 3600.0
_FIRST_NTP: Final = 3.9e9


def _seconds(number: int) -> float:
    return number / RATE


def _now_and_then(every: int, ahead_s: float) -> script.Stamp:
    return lambda number: _seconds(number) + (ahead_s if number % every == every // 2 else 0.0)


def _from(moment_s: float, ahead_s: float) -> script.Stamp:
    return lambda number: _seconds(number) + (ahead_s if _seconds(number) >= moment_s else 0.0)


def _with_sound(*scripts: Script) -> Script:
    return together(*scripts, tone(sound()))


def _as_stamped(stamp: script.Stamp) -> RtspCase:
    return RtspCase(lambda _: pictures(video(), stamp=stamp))


_CHALLENGES: Final = {
    "basic_without_a_realm": ('Basic realm=""',),
    "digest_of_an_odd_realm": (r'Digest realm="a=b, c; \"Tür\" d", nonce="5a0f3c"',),
    "digest_with_qop": ('Digest realm="IP Camera(G1234)", nonce="5a0f3c", qop="auth", algorithm=MD5, opaque=""',),
    "basic_and_digest": ('Basic realm="camera"', 'Digest realm="camera", nonce="5a0f3c"'),
}
_UNREACHED: Final = replace(NOTHING, status="degraded")
_LONG: Final = video(seconds=60.0, keyframe_s=60.0)
_HEVC: Final = video("hevc")
_HEVC_LONG: Final = video("hevc", seconds=60.0, keyframe_s=8.0)
_BIG: Final = video(size=(320, 240))
_REORDERED: Final = video(b_frames=2)
_TOO_LARGE: Final = of_stated_size(video(), 16_384, 16_384)

TIMES: Final[dict[str, Case]] = {
    "plain": RtspCase(lambda _: pictures(video())),
    "stamps_too_slow": RtspCase(lambda _: pictures(video(), rate=RATE * 0.84)),
    "stamps_too_fast": RtspCase(lambda _: pictures(video(), rate=RATE * 1.2)),
    "stamps_too_slow_long_gop": RtspCase(lambda _: pictures(_LONG, rate=RATE * 0.84), _LONG),
    "one_in_two_seconds_hours_ahead": _as_stamped(_now_and_then(20, 2.9 * HOUR)),
    "one_in_two_seconds_hours_back": _as_stamped(_now_and_then(20, -2.9 * HOUR)),
    "equal_stamps": _as_stamped(_now_and_then(20, -1 / RATE)),
    "backward_stamps": _as_stamped(_now_and_then(20, -0.25)),
    "all_stamps_equal": _as_stamped(lambda _: 0.0),
    "clock_set_ahead": _as_stamped(_from(10.0, HOUR)),
    "clock_set_back": _as_stamped(_from(10.0, -HOUR)),
    "stamps_wrap": _as_stamped(lambda number: 2**32 / script.CLOCK - 8.0 + _seconds(number)),
    "jittery": RtspCase(lambda _: script.jittered(pictures(video()), 0.4)),
    "in_bursts": RtspCase(lambda _: script.in_bursts(pictures(video()), 2.0)),
    "clock_reports_jump": RtspCase(
        lambda _: _with_sound(
            pictures(video()),
            script.reports(script.CLOCK, script.VIDEO, lambda at: _FIRST_NTP + at + (HOUR if at > 10 else 0)),
            script.reports(8000, script.AUDIO, lambda at: _FIRST_NTP + at + (HOUR if at > 10 else 0)),
        ),
        sound=sound(),
    ),
    "pictures_reordered": RtspCase(lambda _: pictures(_REORDERED), _REORDERED),
}

SOUNDS: Final[dict[str, Case]] = {
    "sound_late": RtspCase(lambda _: together(pictures(video()), script.delayed(tone(sound()), 4.0)), sound=sound()),
    "pictures_late": RtspCase(
        lambda _: together(script.delayed(pictures(video()), 3.0), tone(sound())),
        sound=sound(),
        expected=Expected(starts_within_s=6.0),
    ),
    "sound_pauses": RtspCase(
        lambda _: together(pictures(video()), script.without(tone(sound()), 8.0, 14.0)), sound=sound()
    ),
    "sound_clock_stops_in_a_pause": RtspCase(
        lambda _: together(pictures(video()), script.until(tone(sound()), 8.0), script.delayed(tone(sound()), 14.0)),
        sound=sound(),
    ),
    "sound_drifts": RtspCase(lambda _: together(pictures(video()), tone(sound(), speed=0.95)), sound=sound()),
    "sound_ends": RtspCase(lambda _: together(pictures(video()), script.until(tone(sound()), 8.0)), sound=sound()),
    "sound_never_comes": RtspCase(lambda _: pictures(video()), sound=sound()),
    "aac": RtspCase(lambda _: together(pictures(video()), tone(sound("AAC", 16000))), sound=sound("AAC", 16000)),
    "aac_damaged": RtspCase(
        lambda _: together(pictures(video()), script.damaged(tone(sound("AAC", 16000)), 0.3)),
        sound=sound("AAC", 16000),
    ),
    "opus": RtspCase(lambda _: together(pictures(video()), tone(sound("OPUS", 48000))), sound=sound("OPUS", 48000)),
    "sound_of_20_khz": RtspCase(
        lambda _: together(pictures(video()), tone(sound("L16", 20000))), sound=sound("L16", 20000)
    ),
    "another_sound_after_a_reconnect": RtspCase(
        lambda session: together(
            pictures(video()),
            tone(sound() if session == 1 else sound("PCMA", 16000)),
            [HangUp(10.0)] if session == 1 else [],
        ),
        sound=sound(),
        later_sound=sound("PCMA", 16000),
        expected=Expected(pictures=0.95, time=0.95, sessions=(2, 2)),
    ),
}

PICTURES: Final[dict[str, Case]] = {
    "keyframe_each_minute": RtspCase(lambda _: pictures(_LONG), _LONG),
    "one_keyframe_for_ever": RtspCase(lambda _: script.only_first_key(pictures(video()))),
    "size_changes": RtspCase(lambda _: script.then(pictures(video()), pictures(_BIG), 10.0)),
    "sets_only_in_band": RtspCase(lambda _: pictures(video()), describes_sets=False),
    "sets_only_in_the_description": RtspCase(lambda _: pictures(video(), sets=False)),
    "beside_metadata": RtspCase(
        lambda _: _with_sound(pictures(video()), script.metadata()), sound=sound(), has_metadata=True
    ),
    "h265": RtspCase(lambda _: together(pictures(_HEVC), tone(sound("PCMA"))), _HEVC, sound("PCMA")),
    "h265_joined_late_without_sets": RtspCase(
        lambda _: pictures(_HEVC_LONG, join=30),
        _HEVC_LONG,
        describes_sets=False,
        expected=Expected(starts_within_s=8.0),
    ),
    "some_pictures_damaged": RtspCase(
        lambda _: script.damaged(pictures(video()), 0.05), expected=Expected(pictures=0.9, status=None)
    ),
    "some_h265_pictures_damaged": RtspCase(
        lambda _: script.damaged(pictures(_HEVC), 0.05), _HEVC, expected=Expected(pictures=0.9, status=None)
    ),
    "size_becomes_too_large": RtspCase(
        lambda session: (
            script.then(pictures(video()), pictures(_TOO_LARGE), 6.0) if session == 1 else pictures(video())
        ),
        expected=Expected(pictures=0.2, time=None, status=None, sessions=(1, 3)),
    ),
    "packets_lost": RtspCase(
        lambda _: script.lossy(pictures(video()), 0.03), expected=Expected(pictures=0.85, status=None)
    ),
}

CONNECTIONS: Final[dict[str, Case]] = {
    "hangs_after_play": RtspCase(lambda _: iter(()), expected=replace(_UNREACHED, reason="no data for 10 s")),
    "accepts_and_says_nothing": RtspCase(
        lambda _: iter(()), says_nothing=True, expected=replace(_UNREACHED, reason="no data for 10 s")
    ),
    "speaks_another_language": RtspCase(lambda _: iter(()), speaks=b"SSH-2.0-OpenSSH_9.2\r\n" * 3, expected=_UNREACHED),
    "resets_at_play": RtspCase(lambda _: iter(()), resets_at_play=True, expected=_UNREACHED),
    "cut_each_8_s": RtspCase(
        lambda _: together(pictures(video()), [HangUp(8.0)]),
        expected=Expected(time=0.97, status=None, sessions=(3, 8)),
    ),
    "one_length_damaged": RtspCase(
        lambda session: together(pictures(video()), [WrongLength(25.0, 1400)] if session == 1 else []),
        expected=Expected(pictures=0.85, time=0.85, status=None, sessions=(1, 3)),
    ),
    "pictures_stop_and_sound_goes_on": RtspCase(
        lambda session: together(
            pictures(video()) if session > 1 else script.until(pictures(video()), 5.0), tone(sound())
        ),
        sound=sound(),
        expected=Expected(pictures=0.97, time=None, status=None, sessions=(2, 2)),
    ),
    "everything_stops": RtspCase(
        lambda session: pictures(video()) if session > 1 else script.until(pictures(video()), 5.0),
        expected=Expected(pictures=0.97, time=None, status=None, sessions=(2, 2)),
    ),
    "forgets_who_does_not_ask": RtspCase(lambda _: pictures(video()), forgets_after_s=10),
    "login": RtspCase(
        lambda _: pictures(video()), login=("admin", PASSWORD), credentials="admin:p%40ss%3Aw%2Fr%3Fd%25%5B1%5D%23@"
    ),
    **{
        f"login_{name}": RtspCase(
            lambda _: pictures(video()),
            login=("admin", PASSWORD),
            credentials="admin:p%40ss%3Aw%2Fr%3Fd%25%5B1%5D%23@",
            challenges=challenges,
        )
        for name, challenges in _CHALLENGES.items()
    },
    "login_of_an_unknown_kind": RtspCase(
        lambda _: pictures(video()),
        login=("admin", PASSWORD),
        credentials="admin:p%40ss%3Aw%2Fr%3Fd%25%5B1%5D%23@",
        challenges=('Bearer realm="camera"',),
        expected=replace(_UNREACHED, reason="password"),
    ),
    "sound_and_no_video": RtspCase(
        lambda _: tone(sound()),
        has_video=False,
        sound=sound(),
        expected=replace(_UNREACHED, reason="it has no video", sessions=(1, 20)),
    ),
    "wrong_password": RtspCase(
        lambda _: pictures(video()),
        login=("admin", PASSWORD),
        credentials="admin:guessed-wrongly@",
        expected=replace(_UNREACHED, reason="password"),
    ),
    "path_not_there": RtspCase(lambda _: iter(()), status="404 Not Found", expected=replace(_UNREACHED, reason="path")),
    "no_more_viewers": RtspCase(
        lambda _: iter(()), status="453 Not Enough Bandwidth", expected=replace(_UNREACHED, reason="viewers")
    ),
    "udp_only": RtspCase(lambda _: pictures(video()), udp_only=True, expected=replace(_UNREACHED, reason="udp")),
    "reports_and_no_pictures": RtspCase(
        lambda _: script.reports(script.CLOCK, script.VIDEO, lambda at: _FIRST_NTP + at, every_s=0.5),
        expected=replace(_UNREACHED, reason="no data for 10 s"),
    ),
    "packets_of_no_length": RtspCase(lambda _: together(pictures(video()), said(b"$\0\0\0" * 100, every_s=0.02))),
    # 10,000 of them a second; ten times as many only cost this agent as much as all its other cameras together.
    "only_packets_of_no_length": RtspCase(
        lambda _: said(b"$\0\0\0" * 100, every_s=0.01), expected=replace(_UNREACHED, reason="no data for 10 s")
    ),
    "refuses_after_play": RtspCase(
        lambda _: together(pictures(video()), said(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 99\r\n\r\n", 60.0, 5.05)),
        expected=Expected(time=0.95, status=None, sessions=(1, 3)),
    ),
    "udp_as_configured": RtspCase(
        lambda _: pictures(video()), udp_only=True, options={"transport": "udp"}, expected=Expected(pictures=0.97)
    ),
}

MJPEG: Final[dict[str, Case]] = {
    "jpegs": HttpCase(mjpeg.stream(mjpeg.whole())),
    "jpegs_without_length": HttpCase(mjpeg.stream(mjpeg.whole(length=None))),
    "jpegs_with_a_short_length": HttpCase(mjpeg.stream(mjpeg.whole(length=500))),
    "jpegs_without_dashes": HttpCase(mjpeg.stream(mjpeg.whole(boundary=b"frame"))),
    "some_jpegs_cut": HttpCase(
        mjpeg.stream(mjpeg.now_and_then(5, lambda number: jpeg(number % 100)[:1000])), expected=Expected(status=None)
    ),
    "some_jpegs_empty": HttpCase(mjpeg.stream(mjpeg.now_and_then(3, lambda _: b"")), expected=Expected(status=None)),
    "never_a_jpeg": HttpCase(
        mjpeg.stream(lambda number: (mjpeg.part(mjpeg.garbage(number)), False)), expected=_UNREACHED
    ),
    "jpegs_change_their_size": HttpCase(
        mjpeg.stream(
            lambda number: (mjpeg.part(jpeg(number % 100, (160, 120) if number // 50 % 2 else (240, 180))), True)
        ),
        expected=Expected(pictures=0.97),
    ),
    "jpegs_of_an_odd_size": HttpCase(mjpeg.stream(lambda number: (mjpeg.part(jpeg(number % 100, (161, 121))), True))),
    "now_and_then_a_huge_jpeg": HttpCase(
        mjpeg.stream(mjpeg.now_and_then(60, lambda _: huge_jpeg())),
        expected=Expected(pictures=0.9, time=0.9, status=None),
    ),
    "one_jpeg_each_6_s": HttpCase(mjpeg.stream(mjpeg.whole(), 6.0), expected=Expected(time=0.7, status=None)),
    "jpegs_in_bursts": HttpCase(mjpeg.bursts(1.0), expected=Expected(pictures=None)),
    "web_page": replace(
        mjpeg.page("200 OK", "text/html", b"<html>Please sign in</html>"),
        expected=replace(_UNREACHED, reason="web page"),
    ),
    "not_signed_in": replace(
        mjpeg.page("401 Unauthorized", "text/plain", b"", 'WWW-Authenticate: Basic realm="camera"\r\n'),
        expected=replace(_UNREACHED, reason="password"),
    ),
    "redirects_to_another_machine": replace(
        mjpeg.page("302 Found", "text/plain", b"", "Location: http://169.254.169.254/latest/meta-data\r\n"),
        expected=replace(_UNREACHED, reason="it redirects to http://169.254.169.254, which is another host"),
    ),
    "redirects_to_a_file": replace(
        mjpeg.page("301 Moved Permanently", "text/plain", b"", "Location: file:///etc/passwd\r\n"),
        expected=replace(_UNREACHED, reason="it redirects to file://, which is another host"),
    ),
    "redirects_in_a_circle": replace(
        mjpeg.page("307 Temporary Redirect", "text/plain", b"", "Location: /redirects_in_a_circle\r\n"),
        expected=replace(_UNREACHED, reason="it redirects every request"),
    ),
    "a_head_without_an_end": HttpCase(
        mjpeg.stream(lambda _: (b"X-More: follows\r\n" * 100, False), 0.02), "HTTP/1.1 200 OK\r\n", _UNREACHED
    ),
    "a_gigabyte_of_noise": HttpCase(
        mjpeg.stream(lambda number: (mjpeg.garbage(number) * 30, False), 0.02),
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 1000000000\r\n\r\n",
        _UNREACHED,
    ),
    "a_jpeg_without_an_end": HttpCase(
        mjpeg.stream(lambda number: (bytes(60_000) if number else b"\xff\xd8\xff\xda\0\2", False), 0.02),
        expected=_UNREACHED,
    ),
    "jpegs_that_only_begin": HttpCase(
        mjpeg.stream(lambda _: (b"\xff\xd8\xff" * 20_000, False), 0.02), expected=_UNREACHED
    ),
    "jpegs_without_a_boundary": HttpCase(
        mjpeg.stream(mjpeg.whole()), "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n"
    ),
    "a_single_jpeg": replace(mjpeg.page("200 OK", "image/jpeg", jpeg(1)), expected=replace(NOTHING)),
}

FILES: Final[dict[str, Case]] = {
    "file_without_stamps": FileCase(files.raw),
    "file_with_sound_of_20_khz": FileCase(files.odd_sound),
    "file_damaged": FileCase(files.damaged, expected=Expected(pictures=0.9, status=None)),
    "file_cut": FileCase(files.truncated, expected=_UNREACHED),
    "file_of_varying_rate": FileCase(lambda path: files.mp4(path, lambda number: number * 2 + number % 2), rate=5.0),
    "file_of_one_picture_a_second": FileCase(lambda path: files.mp4(path, rate=1, count=20), rate=1.0),
    "file_of_text": FileCase(files.text, expected=_UNREACHED),
    "file_not_there": FileCase(files.nothing, expected=_UNREACHED),
}

GROUPS: Final[dict[str, dict[str, Case]]] = {
    "times": TIMES,
    "sounds": SOUNDS,
    "pictures": PICTURES,
    "connections": CONNECTIONS,
    "mjpeg": MJPEG,
    "files": FILES,
}
"""What runs in one agent together, beside a good camera."""

GOOD_CASE: Final = RtspCase(lambda _: _with_sound(pictures(video())), sound=sound())
