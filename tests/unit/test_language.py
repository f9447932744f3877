"""Identifiers are the field's words, each name of a class stands for one thing, and the glossary lists the words."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from bus_schemas.catalogue import MODELS, short_name
from tests.parsed_modules import files, parsed

PRODUCT = ("bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto", "watchpost")
BANNED = set(
    """
    told untold tell tells telling hear hears hearing glance stretch wish wishes desk door doors passage ledger bury
    goodbye ballast mouth lookout answering beginning doomed greet piece pieces roster alone stranger strangers looks
    lasting meet patience
    """.split()  # noqa: SIM905 - a paragraph of words
)
BANNED_MODULES = set(
    """
    kept measured news described refused words place opened origins renamed held seen drawn drawing ahead lasting
    past served waiting tries proxied
    """.split()  # noqa: SIM905 - likewise
)
"""Participles and riddles, which say nothing of what a module does."""

RATE = re.compile(r"(?:S|MAX)_AN?_[A-Z]+")
"""`EVENTS_A_QUERY`; the usual way is `EVENTS_PER_QUERY`."""
UNIT = re.compile(r"[A-Z0-9_]+_SECONDS")
"""`TIMEOUT_SECONDS`; the usual way is `TIMEOUT_S`."""

FRAGMENTS = ("Of ", "That of ", "Whoever ", "Whatever ")
"""A docstring says what a thing is; one that begins so lets its reader guess."""

GLOSSARY = Path("docs/glossary.md")
TERM = re.compile(r"\*\*(.+?)\*\*")


def words_of(identifier: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def names_in(path: Path) -> set[str]:
    return {*parsed(path).identifiers, path.stem}


@pytest.mark.parametrize("package", PRODUCT)
def test_no_identifier_holds_a_banned_word(package: str) -> None:
    names = set[str]().union(*map(names_in, files((package,))))
    banned = {name for name in names if words_of(name) & BANNED}

    assert {(str(path), name) for path in files((package,)) for name in names_in(path) & banned} == set()


@pytest.mark.parametrize("package", PRODUCT)
def test_the_name_of_a_module_is_no_participle(package: str) -> None:
    assert {str(path) for path in files((package,)) if path.stem in BANNED_MODULES} == set()


def named_as(package: str, matches: Callable[[str], object]) -> set[tuple[str, str]]:
    """Where in the package something has such a name."""
    return {(str(path), name) for path in files((package,)) for name in parsed(path).identifiers if matches(name)}


@pytest.mark.parametrize("package", PRODUCT)
def test_a_constant_says_per_what_it_is(package: str) -> None:
    assert named_as(package, RATE.search) == set()


@pytest.mark.parametrize("package", PRODUCT)
def test_a_constant_of_seconds_ends_with_their_unit(package: str) -> None:
    assert named_as(package, UNIT.fullmatch) == set()


@pytest.mark.parametrize("package", PRODUCT)
def test_a_docstring_says_what_a_thing_is(package: str) -> None:
    found = {
        (str(path), text.splitlines()[0])
        for path in files((package,))
        for text in parsed(path).texts
        if text.startswith(FRAGMENTS)
    }

    assert found == set()


def test_no_name_of_a_class_stands_in_two_modules() -> None:
    homes = defaultdict[str, list[str]](list)
    for path in files((*PRODUCT, "tools")):
        for name in parsed(path).classes:
            homes[name].append(str(path))

    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def rows() -> list[tuple[str, str]]:
    """The terms and the meaning in each row of the glossary."""
    cells = [line.split("|") for line in GLOSSARY.read_text().splitlines() if line.startswith("| **")]
    return [(row[1], row[2]) for row in cells]


def singular(word: str) -> str:
    return re.sub("ies$", "y", word).removesuffix("s")


def words_in(text: str) -> set[str]:
    return {singular(word) for word in words_of(text)}


def test_the_glossary_has_every_type_of_event_and_every_room() -> None:
    """Consumers are explained in `docs/operations.md`, which has each of them."""
    listed = words_in(" ".join(term for term, _ in rows()))
    events = {short_name(name) for name in MODELS}
    rooms = {path.name for path in Path("consumers").iterdir() if (path / "__init__.py").exists()}

    assert {name for name in events | rooms if not words_in(name) <= listed} == set()


def test_every_term_of_the_glossary_stands_in_the_code() -> None:
    in_code = set[str]().union(*[words_in(path.read_text()) for path in files(PRODUCT)])
    terms = {term for cell, _ in rows() for term in TERM.findall(cell)}

    assert {term for term in terms if not words_in(term) <= in_code} == set()


def test_the_glossary_explains_no_term_by_a_banned_word() -> None:
    assert {terms for terms, meaning in rows() if words_of(terms + meaning) & BANNED} == set()
