"""The page for developers is right: its files exist, and what it adds to the product works in a copy of the tree."""

import re
from pathlib import Path

import pytest

from tests.doc_blocks import Block, apply, blocks, run
from tests.faults.mutants import copy_tree

PAGE = Path("docs/developing.md")
SECTIONS = {"Add an event type": 5, "Add a source": 3, "Add a notifier": 2}
_FILE = re.compile(
    r"`((?:bus_schemas|producer|edge|consumers|gateway|watchpost|tests)/[a-z0-9_./-]+\.(?:py|ts|svelte))`"
)

_READS_A_PICTURE = """
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import simplejpeg

from edge.agent.context import AgentContext
from edge.agent.settings import DeviceSettings
from edge.agent.source_factory import visual_source

path = Path(sys.argv[1]) / "picture.jpg"
path.write_bytes(simplejpeg.encode_jpeg(np.zeros((48, 64, 3), np.uint8)))
visual = {"kind": "jpeg_file", "path": str(path)}
settings = DeviceSettings.model_validate({"site": "DEMO", "device": "DOOR", "visual": visual})
noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
context = AgentContext(lambda: noon, lambda seconds: None, {}, noon)
source = visual_source(settings, None, None, context)
source.open()
frame = source.read()
print(frame.picture.width, frame.picture.height, frame.sequence)
"""
_NOTIFIES = """
import asyncio
import sys
from pathlib import Path

from consumers.alerting.notify.delivery import AlertMessage
from consumers.hub_config import HubConfig
from consumers.registry import consumer_registry
from tests.following import MemoryMedia

data = Path(sys.argv[1])
sink = consumer_registry(HubConfig(data, MemoryMedia)).make("webhook")
(notifier,) = sink._notifiers
print(notifier.receiver, asyncio.run(notifier.send(AlertMessage("key", b'{"state": "raised"}'))).verdict.value)
print((data / "alerts.jsonl").read_text(), end="")
"""


def section(title: str) -> list[Block]:
    """The code blocks of a section, those for a shell left out."""
    text = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    [body] = [part for part in text if part.startswith(title)]
    return [block for block in blocks(PAGE) if block.file and block.text in body]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with everything that the page adds."""
    tree = tmp_path_factory.mktemp("tree")
    copy_tree(tree)
    for title in SECTIONS:
        for block in section(title):
            apply(tree, block)
    return tree


def test_every_file_that_the_page_names_exists_or_is_made_on_it() -> None:
    made = {block.file for title in SECTIONS for block in section(title)}

    named = set(_FILE.findall(PAGE.read_text()))

    assert len(named) > 40
    assert {file for file in named - made if not Path(file).exists()} == set()


@pytest.mark.parametrize(("title", "files"), SECTIONS.items())
def test_an_addition_touches_no_more_files_than_the_page_says(title: str, files: int) -> None:
    assert len({block.file for block in section(title)}) == files


def test_the_code_of_the_page_is_as_ours(tree: Path) -> None:
    files = sorted({block.file for title in SECTIONS for block in section(title) if block.file.endswith(".py")})

    run(tree, "-m", "ruff", "check", *files)
    run(tree, "-m", "ruff", "format", "--check", *files)


def test_an_event_type_passes_its_contract_tests(tree: Path) -> None:
    run(tree, "-m", "tests.contract.schemas")

    ours = ("tests/contract/test_golden.py", "tests/unit/test_builders.py", "tests/unit/bus_schemas/test_speakers.py")
    passed = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "door or every", *ours)

    assert re.search(r"\d+ passed", passed)


def test_a_source_hands_out_its_picture(tree: Path, tmp_path: Path) -> None:
    assert run(tree, "-c", _READS_A_PICTURE, str(tmp_path)) == "64 48 1\n"


def test_a_notifier_hands_over_a_message(tree: Path, tmp_path: Path) -> None:
    assert run(tree, "-c", _NOTIFIES, str(tmp_path)) == 'file taken\n{"state": "raised"}\n'
