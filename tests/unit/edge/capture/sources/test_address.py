"""Passwords of cameras are in no text that anybody is shown, whatever is in them and however they are written."""

import errno
import string
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import av.error
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.agent.source_settings import MjpegSourceSettings, RtspSourceSettings
from edge.capture.sources.address import FRAGMENT, AddressInvalid, Redactor, check_address, without_credentials
from edge.capture.sources.failure_reasons import Attempt, describe_error, explain, unreachable
from tests.examples import examples
from watchpost.configuration.config import load
from watchpost.configuration.yaml_loader import ConfigError

PRINTABLE = "".join(character for character in string.printable if character.isprintable())
SECRETS = st.text(PRINTABLE + "äß€🔥", min_size=FRAGMENT, max_size=24)
FORMS = (
    "rtsp://{user}:{password}@camera/live",
    "rtsp://{password}@10.0.0.5:554/live",
    "rtsp://{user}:{password}@[fe80::1]:554/live?channel=1",
    "http://{user}:{password}@camera:8080/video.mjpg#x",
    "https://camera/video.cgi?user={user}&password={password}",
    "rtsp://10.0.0.5:554/user={user}&password={password}&channel=1",
    "rtsp://{user}:{password}@camera/live@2",
    "rtsp://{user}:{password}camera/live@",
    "rtsp:/{user}:{password}@camera/live",
)
FIXED = "rtsp https camera live video.mjpg video.cgi user password channel 10.0.0.5 fe80::1 8080 554"
"""What the addresses above hold beside the secret: it may be shown."""
ERRORS = (
    av.error.FFmpegError(errno.EIO, "Input/output error"),
    av.error.InvalidDataError(1, "Invalid data found when processing input"),
    av.error.HTTPUnauthorizedError(1, "Server returned 401"),
)


def fragments(text: str) -> set[str]:
    return {text[start : start + FRAGMENT] for start in range(len(text) - FRAGMENT + 1)}


def leaked(secret: str, *shown: str) -> set[str]:
    """What of a secret is in texts and was not in them anyway."""
    return {part for text in shown for part in fragments(secret) & fragments(text)} - fragments(FIXED)


def written(secret: str, form: str) -> Iterator[str]:
    """Without a user before it, what stands before a colon is none of the password."""
    if "{user}" in form or ":" not in secret:
        yield secret
    yield quote(secret, safe="")


@pytest.mark.parametrize("form", FORMS)
@examples(60)
@given(password=SECRETS, user=st.text(PRINTABLE, max_size=8))
@example(password="se/cret", user="admin")
@example(password="p@ss:w/r?d%[1]#", user="admin")
@example(password="12/345@678", user="")
def test_no_address_is_shown_with_four_characters_of_its_password(form: str, password: str, user: str) -> None:
    for text in written(password, form):
        whole = form.format(user=quote(user, safe=""), password=text)
        assert not leaked(password, without_credentials(whole))
        assert not leaked(text, without_credentials(whole))


def test_no_printable_character_at_any_place_of_a_password_shows_four_of_it() -> None:
    for character in PRINTABLE:
        for password in (f"{character}Zq7xKw9", f"Zq7{character}xKw9", f"Zq7xKw9{character}", character * 8):
            for form in FORMS:
                for text in written(password, form):
                    whole = form.format(user="ada", password=text)
                    foreign = Redactor([whole]).redact(f"cannot open '{whole}' as ada:{text}@camera, or {text}")

                    assert not leaked(text, without_credentials(whole), foreign), (form, text)


@pytest.mark.parametrize("form", FORMS)
@examples(60)
@given(password=SECRETS)
def test_no_reason_and_no_foreign_text_has_four_characters_of_a_password(form: str, password: str) -> None:
    for text in written(password, form):
        whole = form.format(user="ada", password=text)
        redact = Redactor([whole]).redact
        foreign = redact(f"cannot open '{whole}' as ada:{text}@camera, or {text}")
        said = describe_error(OSError(f"cannot open {whole}"), redact)
        assert not leaked(text, foreign, said)


@pytest.mark.parametrize("form", FORMS[:4])
@examples(60)
@given(password=SECRETS)
def test_what_is_refused_at_the_start_is_refused_by_one_of_few_sentences_without_a_word_of_it(
    form: str, password: str
) -> None:
    whole = form.format(user="ada", password=password)
    kind = "rtsp" if form.startswith("rtsp") else "http"
    camera = {
        "rtsp": RtspSourceSettings(kind="rtsp", url_env="URL"),
        "http": MjpegSourceSettings(kind="mjpeg", url_env="URL"),
    }[kind]
    examples = (f"{kind}://a@b@c/", f"{kind}://:x/", f"{kind}://x:99999/")

    assert camera.trouble({"URL": whole}) in {
        None,
        *(camera.trouble({"URL": example}) for example in examples),
    }


@examples(60)
@given(password=SECRETS, user=st.text(PRINTABLE, min_size=1, max_size=8))
def test_a_password_that_is_percent_encoded_is_always_taken(password: str, user: str) -> None:
    check_address(f"rtsp://{quote(user, safe='')}:{quote(password, safe='')}@camera:554/live?a=b", ("rtsp",))


@examples(60)
@given(password=SECRETS)
def test_an_address_that_is_taken_is_shown_with_its_host_or_hidden_where_it_repeats_the_password(password: str) -> None:
    shown = without_credentials(f"rtsp://ada:{quote(password, safe='')}@camera/live")

    assert shown == "rtsp://camera/live" or fragments(quote(password, safe="")) | fragments(password) & fragments(shown)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_libraries_words_are_replaced_by_ours(error: Exception) -> None:
    attempt = Attempt("rtsp://ada:secret@camera.invalid/live", is_open=True)

    assert "secret" not in str(unreachable(error, attempt))
    assert explain(error, attempt)


@pytest.mark.parametrize(
    "camera",
    [
        "{{kind: rtsp, url: '{0}'}}",
        "'{0}'",
        "['{0}']",
        "{{kind: '{0}'}}",
        "{{kind: rtsp, url: ['{0}']}}",
        "{{kind: rtsp, url_env: '{0}'}}",
        "{{kind: rtsp, '{0}': 1}}",
        "{{kind: file, path: 7, loop: '{0}'}}",
    ],
)
def test_no_complaint_about_a_configuration_quotes_an_address(tmp_path: Path, camera: str) -> None:
    file = tmp_path / "watchpost.yaml"
    given_camera = camera.format("rtsp://admin:se/cret@camera/live")
    file.write_text(f"sites: [{{site: A, devices: [{{device: B, visual: {given_camera}}}]}}]")
    with pytest.raises(ConfigError) as refused:
        load(file)

    assert "cret" not in str(refused.value)


def test_what_is_wrong_with_an_address_is_said() -> None:
    with pytest.raises(AddressInvalid, match="%2F for /"):
        check_address("rtsp://admin:se/cret@camera/live", ("rtsp",))
    with pytest.raises(AddressInvalid, match="begin with http:// or https://"):
        check_address("camera/live", ("http", "https"))
    with pytest.raises(AddressInvalid, match="port"):
        check_address("rtsp://camera:70000/live", ("rtsp",))
