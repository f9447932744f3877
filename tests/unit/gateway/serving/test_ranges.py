import pytest
from starlette.datastructures import Headers

from gateway.serving.ranges import ByteRange, MalformedRange, Unsatisfiable, plan, wanted

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-499", ByteRange(0, 500)),
        ("bytes=500-", ByteRange(500, 1000)),
        ("bytes=-500", ByteRange(500, 1000)),
        ("bytes=-5000", ByteRange(0, 1000)),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=999-", ByteRange(999, 1000)),
        ("bytes=0-99999", ByteRange(0, 1000)),
        ("BYTES = 1 - 2", ByteRange(1, 3)),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("lines=abc", None),
    ],
)
def test_a_range_is_read_as_rfc_9110_has_it(header: str | None, expected: ByteRange | None) -> None:
    assert wanted(header, 1000) == expected


@pytest.mark.parametrize(
    "header",
    ["abc", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,x", "bytes=²-", "bytes=" + "9" * 5000 + "-"],
)
def test_a_header_that_is_no_range_of_bytes_is_malformed(header: str) -> None:
    with pytest.raises(MalformedRange):
        wanted(header, 1000)


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=1000-", 1000), ("bytes=5000-6000", 1000), ("bytes=-0", 1000), ("bytes=0-", 0)]
)
def test_a_range_of_no_bytes_is_unsatisfiable(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, size)


@pytest.mark.parametrize(
    ("headers", "status", "content_range"),
    [
        ({}, 200, None),
        ({"range": "bytes=0-9"}, 206, "bytes 0-9/100"),
        ({"range": "bytes=100-"}, 416, "bytes */100"),
        ({"range": "bytes=0-9", "if-range": ETAG}, 206, "bytes 0-9/100"),
        ({"range": "bytes=0-9", "if-range": '"older"'}, 200, None),
        ({"range": "bytes=abc"}, 400, None),
        ({"range": "bytes=abc", "if-range": '"older"'}, 200, None),
        ({"if-none-match": ETAG}, 304, None),
        ({"if-none-match": f'"x", W/{ETAG}'}, 304, None),
        ({"if-none-match": '"x"', "range": "bytes=-1"}, 206, "bytes 99-99/100"),
    ],
)
def test_a_request_is_answered_by_the_part_that_it_wants(
    headers: dict[str, str], status: int, content_range: str | None
) -> None:
    made = plan(Headers(headers), 100, ETAG, {})

    assert made.status == status
    assert made.headers.get("Content-Range") == content_range
    assert made.needs_bytes == (status in (200, 206))
