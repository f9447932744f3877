"""What a machine that is too slow leaves out, and in which order."""

from typing import Any

import pytest
from av.packet import Packet

from edge.capture.sources.load_shedding import LoadShedding


class Decoder:
    def __init__(self, codec: str = "h264") -> None:
        self.codec = codec
        self.asked: list[bool] = []

    def skip_to_keyframes(self, skips: bool) -> None:
        self.asked.append(skips)


def packet(*, key: bool = False) -> Any:
    made: Packet[Any] = Packet(b"\0")
    made.is_keyframe = key
    return made


def behind(seconds: float) -> LoadShedding:
    shedding = LoadShedding(lambda: 0.0)
    shedding.note(seconds)
    return shedding


@pytest.mark.parametrize(
    ("behind_s", "interval_s", "sound", "pictures"),
    [(0.1, 0.2, True, True), (0.6, 1.0, True, True), (1.2, 1.0, False, True), (2.5, 1.0, False, False)],
)
def test_the_further_behind_the_more_is_left_out(
    behind_s: float, interval_s: float, sound: bool, pictures: bool
) -> None:
    shedding, decoder = behind(behind_s), Decoder()
    shedding.takes_picture(decoder, packet(), 0.0, is_passed=True)  # type: ignore[arg-type]  # what it asks of a decoder

    assert shedding.frame_interval_s(0.2) == interval_s
    assert shedding.takes_sound() == sound
    assert shedding.skips_pictures != pictures


def test_what_is_left_out_comes_back_when_the_thread_has_caught_up_and_not_before() -> None:
    shedding = behind(1.5)
    shedding.note(0.3)
    assert not shedding.takes_sound()

    shedding.note(0.2)
    assert shedding.takes_sound()


def test_a_decoder_goes_on_with_a_keyframe() -> None:
    shedding, decoder = behind(3.0), Decoder()
    for waited_s, key in ((3.0, False), (0.0, False), (0.0, True), (0.0, False)):
        shedding.note(waited_s)
        assert shedding.takes_picture(decoder, packet(key=key), 0.0, is_passed=True)  # type: ignore[arg-type]  # what it asks of a decoder

    assert decoder.asked == [True, False]


def test_pictures_that_are_encoded_anew_are_all_decoded() -> None:
    shedding, decoder = behind(3.0), Decoder()

    assert shedding.takes_picture(decoder, packet(), 0.0, is_passed=False)  # type: ignore[arg-type]  # what it asks of a decoder
    assert decoder.asked == []


def test_five_jpegs_a_second_are_taken_of_those_that_are_too_many() -> None:
    shedding, decoder = behind(3.0), Decoder("mjpeg")
    taken = [shedding.takes_picture(decoder, packet(), n / 50, is_passed=False) for n in range(100)]  # type: ignore[arg-type]  # what it asks of a decoder

    assert 9 <= sum(taken) <= 10
    assert shedding.complaint() == "this machine is too slow: 90% of its pictures in the last minute was left out"


@pytest.mark.parametrize("codec", ["mjpeg", "h264"])
def test_pictures_that_are_recorded_and_not_looked_at_are_told_and_no_fault(codec: str) -> None:
    shedding, decoder = behind(3.0), Decoder(codec)
    for number in range(100):
        shedding.takes_picture(decoder, packet(key=number % 10 == 0), number / 50, is_passed=True)  # type: ignore[arg-type]  # what it asks of a decoder

    assert shedding.complaint() is None
    expected = "this machine is too slow: 90% of its pictures in the last minute was recorded and not looked at"
    assert shedding.remark() == expected


def test_a_stream_of_which_nobody_looks_at_the_pictures_says_nothing_of_that() -> None:
    shedding = LoadShedding(lambda: 0.0, only_keyframes=True)
    for number in range(100):
        shedding.takes_picture(Decoder(), packet(key=number % 10 == 0), number / 50, is_passed=True)  # type: ignore[arg-type]  # what it asks of a decoder

    assert shedding.skips_pictures
    assert shedding.remark() is None


def test_sound_that_is_left_out_is_told() -> None:
    shedding = LoadShedding(lambda: 0.0)
    for number in range(100):
        shedding.note(2.0 if number >= 80 else 0.0)
        shedding.takes_sound()

    assert shedding.remark() == "this machine is too slow: 20% of its sound in the last minute was left out"
    assert shedding.complaint() is None
