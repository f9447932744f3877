"""What documents tell people to type exists, and the page about trouble names all there is."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

from bus_schemas.alert import IncidentType
from bus_schemas.hub import FaultKind
from consumers.registry import CONSUMERS, STORE_OWNERS
from tests.documents import Block, blocks
from watchpost.cli import app
from watchpost.configuration.config import WatchpostConfig, load
from watchpost.sizing.document import markdown as sizing

DAY_BY_DAY = Path("docs/day-by-day.md")
DOCUMENTS = [Path("README.md"), *sorted(Path("docs").rglob("*.md"))]
GENERATED = Path("docs/configuration.md")
FREE_RELATIVE = re.compile(r"(?:^|[.:;] )(?:What(?:ever)?|Whoever|Of what|Who only) [^?]*?[.;:]", re.MULTILINE)
"""The subject of a sentence that its reader has to find out first, as in “What is set aside keeps its name”."""
IS_NO = re.compile(r"(?<!here )\b(?:is|are) no (?!longer\b|more\b).*")
"""A thing that is denied to be another one, where it could be said what it is."""
SOURCES = ("bus_schemas", "producer", "edge", "consumers", "gateway", "watchpost")


def inline() -> list[tuple[str, str]]:
    """Commands of ours that stand in sentences, and where."""
    return [
        (str(document), command)
        for document in DOCUMENTS
        for command in re.findall(r"`watchpost ([a-z][^`]*)`", document.read_text())
    ]


@pytest.mark.parametrize(("document", "command"), sorted(set(inline())))
def test_a_command_in_a_sentence_exists_with_its_options(document: str, command: str) -> None:
    command_or_group: Any = typer.main.get_command(app)
    words = shlex.split(command)
    while hasattr(command_or_group, "commands"):
        assert words[0] in command_or_group.commands, document
        command_or_group = command_or_group.commands[words.pop(0)]

    known = {option for parameter in command_or_group.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, document


@pytest.mark.parametrize("block", blocks(DAY_BY_DAY), ids=lambda block: block.place)
def test_a_block_of_the_page_is_run_or_read_by_a_test(block: Block) -> None:
    assert block.info in {"sh", "sh old", "sh new", "sh s3", "yaml"}
    if block.info != "yaml":
        subprocess.run(["/bin/sh", "-n"], input=block.text, text=True, check=True)


@pytest.mark.parametrize(
    "block", [*blocks(DAY_BY_DAY, "yaml"), *blocks(Path("README.md"), "yaml")], ids=lambda block: block.place
)
def test_a_configuration_in_a_document_is_one(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text(block.text)

    assert isinstance(load(file), WatchpostConfig)


def trouble() -> str:
    page = DAY_BY_DAY.read_text()
    return page[page.index("## When something is wrong") :]


@pytest.mark.parametrize("kind", sorted({*get_args(IncidentType), *get_args(FaultKind)}))
def test_the_page_says_what_to_do_about_each_kind_of_trouble(kind: str) -> None:
    assert f"`{kind}`" in trouble()


def sayings() -> list[str]:
    """What the page about trouble quotes, in the parts that no name or figure stands in."""
    cells = [line.split(" | ")[0] for line in trouble().splitlines() if line.startswith("| ")]
    quoted = [quote for cell in cells for quote in re.findall(r"\*([^*]+)\*", cell)]
    return sorted({part.strip(" .:,") for quote in quoted for part in re.split(r"…|NAME|5000", quote) if len(part) > 6})


@pytest.fixture(scope="module")
def said_by_the_product() -> str:
    """Its sources in small letters, with lines joined that one sentence is written over."""
    files = [
        file
        for room in SOURCES
        for ending in ("*.py", "*.ts", "*.svelte")
        for file in Path(room).rglob(ending)
        if not {"node_modules", ".svelte-check"} & set(file.parts)
    ]
    return re.sub(r'"\s*f?"', "", " ".join(file.read_text() for file in files)).lower()


@pytest.mark.parametrize("saying", sayings())
def test_what_the_page_about_trouble_quotes_is_said_by_the_product(saying: str, said_by_the_product: str) -> None:
    assert saying.lower() in said_by_the_product


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_to_files_and_chapters_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text()):
        path, _, chapter = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), target
        if chapter:
            assert chapter in chapters(file), target


def chapters(document: Path) -> set[str]:
    """As the anchors of headings are made: small letters, hyphens, nothing else."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_about_sizing_is_what_the_product_writes() -> None:
    assert Path("docs/sizing.md").read_text() == f"{sizing()}\n"


def test_operations_name_every_consumer() -> None:
    page = Path("docs/operations.md").read_text()
    table = page[page.index("### The consumers by name") : page.index("## The data directory")]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == {*CONSUMERS, *STORE_OWNERS}


def prose(document: Path) -> str:
    """The text of a document without its code and its headings."""
    text = re.sub(r"```.*?```|`[^`]*`", "", document.read_text(), flags=re.DOTALL)
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one != GENERATED], ids=str)
def test_a_sentence_begins_with_its_subject_and_says_what_a_thing_is(document: Path) -> None:
    text = prose(document)

    assert FREE_RELATIVE.findall(text) == []
    assert IS_NO.findall(text) == []


@pytest.mark.parametrize(
    ("sentence", "is_plain"),
    [
        ("A file ends. What is left waits.", False),
        ("Whoever asks gets it.", False),
        ("A camera is no sensor.", False),
        ("What is left? There is no file.", True),
        ("It says what is left, and is no longer there.", True),
    ],
)
def test_a_sentence_that_has_to_be_read_twice_is_found(sentence: str, is_plain: bool) -> None:
    assert is_plain is not bool(FREE_RELATIVE.search(sentence) or IS_NO.search(sentence))
