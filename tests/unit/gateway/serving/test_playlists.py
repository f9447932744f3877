from datetime import UTC, datetime, timedelta

from gateway.serving import playlists
from gateway.serving.playlists import MediaSequence, PlaylistSegment

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def piece(second: float, duration_s: float = 4.0, *, restarted: bool = False) -> PlaylistSegment:
    return PlaylistSegment(START + timedelta(seconds=second), duration_s, f"/media/s{second:g}", restarted)


def test_a_live_list_says_how_many_segments_came_before_and_has_no_end() -> None:
    text = playlists.live([piece(0), piece(4, 3.96)], MediaSequence(sequence=17, breaks=2))

    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:6\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-MEDIA-SEQUENCE:17\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-05T10:00:00.000Z\n"
        "#EXTINF:4.000000,\n"
        "/media/s0\n"
        "#EXTINF:3.960000,\n"
        "/media/s4\n"
    )


def test_an_hour_has_an_end_only_when_it_is_closed() -> None:
    growing, closed = playlists.recorded([piece(0)], closed=False), playlists.recorded([piece(0)], closed=True)

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing
    assert "#EXT-X-ENDLIST" not in growing
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in closed
    assert closed.endswith("#EXT-X-ENDLIST\n")


def test_the_target_duration_covers_the_longest_segment() -> None:
    assert "#EXT-X-TARGETDURATION:11\n" in playlists.recorded([piece(0, 4), piece(4, 10.2)], closed=True)


def test_a_hole_is_a_discontinuity_with_a_new_time() -> None:
    text = playlists.recorded([piece(0), piece(64)], closed=True)

    assert (
        "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-01-05T10:01:04.000Z\n#EXTINF:4.000000,\n/media/s64" in text
    )


def test_a_restart_is_a_discontinuity_although_no_time_is_missing() -> None:
    assert playlists.recorded([piece(0), piece(4, restarted=True)], closed=True).count("#EXT-X-DISCONTINUITY\n") == 1


def test_clocks_need_not_be_exact() -> None:
    assert "#EXT-X-DISCONTINUITY\n" not in playlists.recorded([piece(0), piece(4.3), piece(8.1)], closed=True)


def test_an_empty_list_is_a_list() -> None:
    assert "#EXT-X-TARGETDURATION:1\n" in playlists.recorded([], closed=False)
