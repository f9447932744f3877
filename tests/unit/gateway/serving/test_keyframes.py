"""The picture with which a segment begins."""

import simplejpeg
from av.video.frame import VideoFrame

from gateway.serving.keyframes import first_picture
from tests.footage import Film, coded, muxed, number_of, numbered_picture


def test_the_first_picture_of_a_segment_is_decoded() -> None:
    film = Film(seconds=1, width=240, height=320)
    picture = first_picture(muxed(list(coded(film, lambda number, *size: numbered_picture(number + 9, *size))), film))

    assert picture is not None
    pixels = simplejpeg.decode_jpeg(picture, "BGR")
    assert pixels.shape == (320, 240, 3)
    assert number_of(VideoFrame.from_ndarray(pixels, format="bgr24")) == 9


def test_what_holds_no_video_has_none() -> None:
    film = Film(seconds=1)

    assert first_picture(b"") is None
    assert first_picture(b"no video at all" * 1000) is None
    assert first_picture(muxed(list(coded(film)), film)[:400]) is None
