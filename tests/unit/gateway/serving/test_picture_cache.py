"""Pictures that were asked for last."""

from gateway.serving.picture_cache import PictureCache


def test_the_pictures_that_were_asked_for_last_are_kept() -> None:
    cache = PictureCache(most=2)
    cache.put("one", b"1")
    cache.put("two", b"2")
    cache.get("one")
    cache.put("three", b"3")

    assert [cache.get(name) for name in ("one", "two", "three")] == [b"1", None, b"3"]
