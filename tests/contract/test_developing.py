"""The page for developers is right: its files exist, and what it adds to the product works in a copy of the tree."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.doc_blocks import Block, apply, blocks, run
from tests.faults.mutants import copy_tree
from tests.required import missing

PAGE = Path("docs/developing.md")
TUTORIAL = Path("docs/tutorial.md")
PANEL = "Add a projection, its route and its panel"
VIEW = "Add a view of the page"
SECTIONS = {
    "Add an event type": 5,
    "Add a source": 3,
    "Add a detector": 3,
    "Add a notifier": 2,
    PANEL: 3,
    VIEW: 5,
    "Add a rule": 9,
}
MOST_FILES_OF_A_PROJECTION = 7
# What is compiled of a copy of the tree is of use to no later run, but to the second of two files in one process.
VITEST = ("vitest", "run", "--experimental.fsModuleCache=false", "--project=drawn", "--maxWorkers=1", "--no-isolate")
WEB = Path("gateway/web")
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
_DETECTS = """
from datetime import UTC, datetime

import numpy as np

from edge.agent.settings import DeviceSettings
from edge.analysis.detection import object_detection
from edge.analysis.pictures import Pictures, frame_of
from edge.capture.sources.source import CameraFrame

camera = {"kind": "file", "path": "video.mp4"}
settings = DeviceSettings.model_validate(
    {"site": "DEMO", "device": "YARD", "visual": camera, "detector": {"kind": "light"}}
)
night = np.full((480, 640, 3), 10, np.uint8)
night[120:240, 320:480] = 255
detection = object_detection(settings.detector, (), Pictures(), None)
found = detection.analyse(CameraFrame(datetime(2026, 1, 5, tzinfo=UTC), 1, frame_of(night)), (), ())
print(found.detector, [(one.label, [round(share, 1) for share in one.box]) for one in found.objects])
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

_BLURS = """
import sys
from pathlib import Path

from consumers.alerting.projection import AlertingProjection
from tests.builders import at, frame
from tests.following import Followed

with Followed(AlertingProjection(), Path(sys.argv[1])) as followed:
    followed.take(*(frame(at(second), quality_score=0.4) for second in range(40)))
    followed.take(*(frame(at(second), quality_score=4.0) for second in range(40, 60)))
    for event in followed.emitted():
        print(event.data.type, event.data.state, getattr(event.data, "message", event.data.details))
"""
_SHOWS = """
// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import '../../../dev/browser';
import { read, show } from '../../../dev/alone';
import Busiest from '../Busiest.svelte';
import { device } from './case';

it.each([
  [{ days: [{ day: '2026-01-05', people: 8, time: '2026-01-05T10:00:00.000Z' }] }, 'Mon 5 Jan: 8 people'],
  [{ days: [] }, 'Nobody was counted yet'],
])('reads %j', async (answer, words) => {
  const shown = show(Busiest, { device: device('yard') }, { answers: { busiest: answer } });
  await vi.waitFor(() => expect(read(shown)).toContain(words));
});
"""
_SHOWS_ALL = """
// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import '../../../dev/browser';
import { read, show } from '../../../dev/alone';
import { parseRoute } from '../../state/route';
import Busy from '../../views/Busy.svelte';

it('has its address, and a panel for each device', async () => {
  expect(parseRoute('/busy', '?site=DEMO').view).toBe('busy');
  const shown = show(Busy, {}, { at: '/busy?site=DEMO', answers: { busiest: { days: [] } } });
  await vi.waitFor(() => expect(read(shown)).toContain('Nobody was counted yet'));
});
"""


def section(title: str) -> list[Block]:
    """The code blocks of a section, those for a shell left out."""
    text = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    [body] = [part for part in text if part.startswith(title)]
    return [block for block in blocks(PAGE) if block.file and block.text in body]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with everything that the page adds, and the projection of the tutorial for its panel."""
    tree = tmp_path_factory.mktemp("tree")
    copy_tree(tree)
    for block in [*of_the_tutorial(), *(block for title in SECTIONS for block in section(title))]:
        apply(tree, block)
    return tree


def of_the_tutorial() -> list[Block]:
    return [block for block in blocks(TUTORIAL) if block.file]


def test_every_file_that_the_page_names_exists_or_is_made_on_it() -> None:
    made = {block.file for title in SECTIONS for block in section(title)}

    named = set(_FILE.findall(PAGE.read_text()))

    assert len(named) > 40
    assert {file for file in named - made if not Path(file).exists()} == set()


@pytest.mark.parametrize(("title", "files"), SECTIONS.items())
def test_an_addition_touches_no_more_files_than_the_page_says(title: str, files: int) -> None:
    assert len({block.file for block in section(title)}) == files


def test_a_projection_with_its_route_and_panel_touches_no_more_files_than_the_page_says() -> None:
    files = {block.file for block in [*of_the_tutorial(), *section(PANEL)]}

    assert len({file for file in files if not file.startswith("tests/")}) == MOST_FILES_OF_A_PROJECTION


def test_the_code_of_the_page_is_as_ours(tree: Path) -> None:
    files = sorted({block.file for title in SECTIONS for block in section(title) if block.file.endswith(".py")})

    run(tree, "-m", "ruff", "check", *files)
    run(tree, "-m", "ruff", "format", "--check", *files)


def test_an_event_type_passes_its_contract_tests(tree: Path) -> None:
    run(tree, "-m", "tests.contract.schemas")

    contract = (
        "tests/contract/test_golden.py",
        "tests/unit/test_builders.py",
        "tests/unit/bus_schemas/test_speakers.py",
    )
    glossary = "tests/unit/test_language.py"
    passed = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "door or every", *contract, glossary)

    assert re.search(r"\d+ passed", passed)


def test_a_source_hands_out_its_picture(tree: Path, tmp_path: Path) -> None:
    assert run(tree, "-c", _READS_A_PICTURE, str(tmp_path)) == "64 48 1\n"


def test_a_detector_finds_what_it_is_for(tree: Path) -> None:
    assert run(tree, "-c", _DETECTS) == "light [('light', [0.5, 0.2, 0.2, 0.2])]\n"


def test_a_notifier_hands_over_a_message(tree: Path, tmp_path: Path) -> None:
    assert run(tree, "-c", _NOTIFIES, str(tmp_path)) == 'file taken\n{"state": "raised"}\n'


def test_a_rule_raises_an_alert_and_clears_it(tree: Path, tmp_path: Path) -> None:
    reported = [line for line in run(tree, "-c", _BLURS, str(tmp_path)).splitlines() if line.startswith("blurred ")]

    assert [line.split()[:2] for line in reported] == [
        ["blurred", "opened"], ["blurred", "raised"], ["blurred", "closed"], ["blurred", "cleared"],
    ]  # fmt: skip
    assert "'quality_score': 0.4" in reported[0]
    assert reported[1] == "blurred raised The picture of camera yard is blurred"
    assert reported[3] == "blurred cleared The picture of camera yard is sharp again after 40 seconds"


def test_a_panel_and_a_view_show_what_their_route_answers(tree: Path) -> None:
    modules = WEB / "node_modules"
    if shutil.which("node") is None or not modules.exists():
        missing("what the page is built with is not installed: ./dev setup")
    page = tree / WEB
    (page / "node_modules").symlink_to(modules.resolve())
    (page / "src/components/tests/busiest.test.ts").write_text(_SHOWS)
    (page / "src/components/tests/busy.test.ts").write_text(_SHOWS_ALL)
    made = [*section(PANEL), *section(VIEW)]
    files = [block.file.removeprefix(f"{WEB}/") for block in made if block.file.startswith(str(WEB))]

    node(page, "prettier", "--check", *files)
    (page / "src/api/http.gen.ts").write_text(node(page, "openapi-typescript", _printed(tree, "openapi")))
    (page / "src/api/contract.ts").write_text(run(tree, "-m", "watchpost", "schema", "typescript"))
    node(page, "svelte-check", "--tsgo", "--tsconfig", "./tsconfig.json", "--threshold", "error")
    assert "3 passed" in node(page, *VITEST, "src/components/tests/busiest", "src/components/tests/busy")


def _printed(tree: Path, kind: str) -> str:
    """A file with a document that the copy prints."""
    file = tree / f"{kind}.json"
    file.write_text(run(tree, "-m", "watchpost", "schema", kind))
    return str(file)


def node(page: Path, program: str, *arguments: str) -> str:
    """The output of a program of the page, which must end with 0."""
    done = subprocess.run(
        [f"node_modules/.bin/{program}", *arguments],
        cwd=page, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout
